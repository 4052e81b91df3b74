"""What a task is started on: launch type, capacity providers, platform, placement, and what goes with them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
"""

import re
from collections.abc import Iterator

from esprestack.checks.finding import Finding
from esprestack.checks.sizes import SIZE_OF, cpu_units
from esprestack.checks.subject import Subject, known
from esprestack.rule import Target

_FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})
_PLATFORM_VERSION = re.compile(r"LATEST|\d+\.\d+\.\d+", re.ASCII)
_BINPACK_FIELDS = frozenset({"cpu", "memory", "CPU", "MEMORY"})


def on_fargate(target: Target) -> bool | None:
    """Whether the task is started on Fargate; None where the cluster decides, or a look-up is missing."""
    if target.launch_type:
        return target.launch_type == "FARGATE"
    providers = {item.capacity_provider for item in target.capacity_provider_strategy}
    if not providers or not all(map(known, providers)):
        return None
    if providers <= _FARGATE_PROVIDERS:
        return True
    return None if providers & _FARGATE_PROVIDERS else False


def launch(subject: Subject) -> Iterator[Finding]:
    yield from _strategy(subject)
    match on_fargate(subject.opened):
        case True:
            yield from _with_fargate(subject)
        case False:
            yield from _without_fargate(subject)
    yield from _platform_version(subject)
    yield from _placement(subject)


def _strategy(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html

    That a strategy has one kind of provider only:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
    """
    strategy, shown = subject.opened.capacity_provider_strategy, subject.shown.capacity_provider_strategy
    key = "capacityProviderStrategy"
    if strategy and subject.opened.launch_type:
        what = "`launch_type` and `capacityProviderStrategy` exclude each other"
        yield subject.finding("launch-type-and-strategy", what, subject.place("launch_type"), "remove one")
    names = {item.capacity_provider for item in strategy}
    if all(map(known, names)) and names & _FARGATE_PROVIDERS and names - _FARGATE_PROVIDERS:
        what = "a strategy has capacity providers of Fargate, or others, not both"
        yield subject.finding("mixed-capacity-providers", what, subject.place(key), "remove one kind")
    based = [item for item in shown if item.base]
    if len(based) > 1:
        what = f"{len(based)} capacity providers have a `base`, only one may"
        where = subject.place_of_provider(based[1].capacity_provider, "base")
        yield subject.finding("capacity-provider-base", what, where, "keep one `base`")
    if len(strategy) > 1 and not any(item.weight for item in strategy):
        what = "no capacity provider has a `weight`, so none can start a task"
        yield subject.finding("capacity-provider-weight", what, subject.place(key), "give at least one `weight: 1`")


def _with_fargate(subject: Subject) -> Iterator[Finding]:
    target = subject.opened
    if target.network_configuration is None:
        where = subject.find("launch_type") or subject.place("capacityProviderStrategy")
        what = "a task on Fargate needs `network_configuration`"
        todo = "add subnets, and security groups if the VPC's default one isn't meant"
        yield subject.finding("fargate-without-network", what, where, todo)
    for key, there in (
        ("placementConstraints", target.placement_constraints),
        ("placementStrategy", target.placement_strategy),
    ):
        if there:
            what = f"Fargate doesn't know `{key}`"
            yield subject.finding("placement-with-fargate", what, subject.place(key), "remove it")
    version = target.platform_version
    if re.fullmatch(r"1\.[1-3]\.\d+", version):  # of Linux: Windows has 1.0.0 alone
        needs = "ephemeral storage" if target.task_override.ephemeral_storage is not None else ""
        size = SIZE_OF.get(cpu_units(target.task_override.cpu) or 0)
        if size and size.needs_1_4_0:
            needs = f"{size.cpu} CPU units"
        if any(override.environment_files for override in target.container_overrides):
            needs = needs or "an environment file"
        if target.enable_execute_command:
            needs = needs or "ECS Exec"
        if needs:
            what = f"{needs}: not with Fargate's platform version {version}"
            yield subject.finding(
                "platform-too-old", what, subject.place("platform_version"), "take `1.4.0`, or remove it"
            )


def _without_fargate(subject: Subject) -> Iterator[Finding]:
    target = subject.opened
    if target.network_configuration and target.network_configuration.assign_public_ip == "ENABLED":
        where = subject.place("network_configuration", "aws_vpc_configuration", "assign_public_ip")
        what = "only tasks on Fargate get a public IP address"
        yield subject.finding("public-ip-without-fargate", what, where, "remove it, or use Fargate")
    if target.platform_version:
        what = "only tasks on Fargate have a platform version"
        where = subject.place("platform_version")
        yield subject.finding("platform-version-without-fargate", what, where, "remove it, or use Fargate")
    if target.task_override.ephemeral_storage is not None:
        yield no_storage(subject)


def no_storage(subject: Subject) -> Finding:
    what = "only tasks on Fargate have ephemeral storage of a size of their own"
    where = subject.place("taskOverride", "ephemeralStorage")
    return subject.finding("storage-without-fargate", what, where, "remove it, or use Fargate")


def _platform_version(subject: Subject) -> Iterator[Finding]:
    version = subject.opened.platform_version
    if version and known(version) and not _PLATFORM_VERSION.fullmatch(version):
        what = f"`{subject.shown.platform_version}` is no platform version"
        where = subject.place("platform_version")
        yield subject.finding("platform-version", what, where, "write `LATEST`, or a number such as `1.4.0`")


def _placement(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html and …PlacementConstraint"""
    for constraint in subject.opened.placement_constraints:
        if constraint.type == "distinctInstance" and constraint.expression:
            what = "the placement constraint `distinctInstance` takes no expression"
            where, todo = subject.place("placementConstraints"), "remove the expression, or write `memberOf`"
            yield subject.finding("placement-constraint", what, where, todo)
        if constraint.type == "memberOf" and not constraint.expression:
            what = "the placement constraint `memberOf` needs an expression"
            where = subject.place("placementConstraints")
            yield subject.finding("placement-constraint", what, where, "add `expression:`")
    for index, strategy in enumerate(subject.opened.placement_strategy):
        if strategy.type == "binpack" and known(strategy.field) and strategy.field not in _BINPACK_FIELDS:
            what = "the placement strategy `binpack` goes by `cpu` or by `memory`"
            place = subject.place("placementStrategy", index, "field")
            yield subject.finding("placement-strategy", what, place, "write `field: cpu` or `field: memory`")
