"""What a deploy brings with it, in a line each: whether tasks are replaced, what may stall, what a reader should know.

In: a plan, and what ECR says of its images; out: risks with codes (`RISKS` lists them all). Pure.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from esprestack.errors import Problem, Severity, Where
from esprestack.facts import Absent
from esprestack.plan.compare import FieldChange
from esprestack.services.images import tag_of
from esprestack.services.members import TRIGGERS
from esprestack.services.model import Document, ImageFact, Risk, RiskKind, ServicePlan
from esprestack.services.normal import SERVICE, filled

RISKS: Mapping[str, tuple[RiskKind, str]] = MappingProxyType(
    {
        "image-missing": (RiskKind.STOPS, "An image isn't in ECR: no task could start."),
        "percent-stalls": (
            RiskKind.STOPS,
            "Minimum and maximum percent let ECS neither stop an old task nor start a new one.",
        ),
        "container-gone": (
            RiskKind.STOPS,
            "The service's load balancer or registry names a container, or its port, that is gone.",
        ),
        "no-count": (RiskKind.STOPS, "A new service needs a desired count."),
        "count-below-scaling": (
            RiskKind.STOPS,
            "The file's desired count takes away tasks that Auto Scaling has added.",
        ),
        "count-over-scaling": (RiskKind.MIND, "The file sets a desired count that Auto Scaling looks after."),
        "restart": (RiskKind.MIND, "Every task of the service is replaced."),
        "no-restart": (RiskKind.MIND, "The service changes, and its running tasks stay as they are."),
        "deploying": (RiskKind.MIND, "Another deployment is under way, which this one takes the place of."),
        "percent-gap": (RiskKind.MIND, "All old tasks may be stopped before a new one runs."),
        "breaker-off": (RiskKind.MIND, "Neither a circuit breaker nor an alarm ends a deployment that fails."),
        "breaker-keeps": (RiskKind.MIND, "A deployment that fails is ended, but not rolled back."),
        "mutable-tag": (RiskKind.MIND, "An image's tag is `latest`, or none: what it stands for changes by itself."),
        "image-moved": (RiskKind.MIND, "An image is another one under the same tag."),
        "role-changed": (RiskKind.MIND, "The task's role or its execution role changes."),
        "secret-changed": (RiskKind.MIND, "Where a secret comes from changes."),
        "log-changed": (RiskKind.MIND, "Where the log goes changes."),
        "security-group-changed": (RiskKind.MIND, "Security groups or subnets change."),
        "public-ip": (RiskKind.MIND, "Tasks get a public IP address."),
        "load-balancer-changed": (RiskKind.MIND, "Load balancers or registries change."),
        "smaller": (RiskKind.MIND, "The task or a container gets less CPU or memory."),
    }
)
"""Every code, how much it has to be minded, and what it says in one sentence: docs are made from this table."""

_SIZES = ("cpu", "memory", "memoryReservation")


def risks_of(plan: ServicePlan, images: Mapping[str, ImageFact]) -> list[Risk]:
    """The risks of a deploy, what stops it first. A plan that changes nothing has none but images that moved."""
    found = list(_of_images(plan, images))
    if plan.changes:
        found += _of_count(plan)
        found += _of_deployment(plan)
        found += _of_fields(plan)
        found += _of_containers(plan)
    return sorted(found, key=lambda risk: risk.kind is not RiskKind.STOPS)


def restarts(plan: ServicePlan) -> bool:
    """Whether the deploy replaces the tasks of a service that is there."""
    return plan.live is not None and (plan.moves or bool(TRIGGERS & (plan.update or {}).keys()))


def starts_tasks(plan: ServicePlan) -> bool:
    """Whether tasks are started because of the deploy, or with what it registers."""
    return restarts(plan) or plan.create is not None or plan.register is not None


def obstacles(plan: ServicePlan, allow: Collection[str] = ()) -> list[Problem]:
    """Why the plan may not be deployed: its refusals, and risks that stop it, unless their code is in `allow`."""
    stopping = [risk for risk in plan.risks if risk.kind is RiskKind.STOPS and risk.code not in allow]
    return [
        *plan.refusals,
        *(Problem(risk.what, risk.where, risk.todo, risk.code, Severity.NEVER_RUNS) for risk in stopping),
    ]


def _risk(code: str, what: str, todo: str = "", where: Where | None = None) -> Risk:
    return Risk(code, what, RISKS[code][0], todo, where)


# -- images ----------------------------------------------------------------------------------------------------


def _of_images(plan: ServicePlan, images: Mapping[str, ImageFact]) -> Iterator[Risk]:
    definition = plan.config.task_definition
    shown = {image.container: image for image in plan.images}
    for at, container in enumerate(definition.document.get("containerDefinitions", [])):
        name, image = str(container.get("name", "")), str(container.get("image", ""))
        where = definition.tree.where(("containerDefinitions", at, "image"))
        change = shown.get(name)
        if isinstance(images.get(image), Absent) and starts_tasks(plan):
            todo = "push it first, or mend the tag"
            yield _risk("image-missing", f"the image of `{name}` isn't in ECR: {_told(plan, name)}", todo, where)
        if change and change.before == change.after:
            brings = "a new task gets it" if restarts(plan) else "a deploy starts no task: force a new deployment"
            what = f"the image of `{name}` is another one under the same tag, and {brings}"
            yield _risk("image-moved", what, "pin images by digest, or give each its own tag", where)
        if plan.changes and tag_of(image) == "latest":
            what = f"the image of `{name}` has the tag `latest`: what it stands for changes by itself"
            yield _risk("mutable-tag", what, "give each build a tag of its own", where)


def _told(plan: ServicePlan, container: str) -> str:
    """The image as it may be shown."""
    after = plan.task_definition.after or {}
    found = (item.get("image", "") for item in after.get("containerDefinitions", []) if item.get("name") == container)
    return f"`{next(found, '')}`"


# -- how many --------------------------------------------------------------------------------------------------


def _of_count(plan: ServicePlan) -> Iterator[Risk]:
    definition = plan.config.service_definition
    if definition is None:
        return
    wanted, where = definition.document.get("desiredCount"), definition.tree.where(("desiredCount",))
    if plan.create is not None and wanted is None and not _is_daemon(definition.document):
        todo = "add `desiredCount` (it may go again once the service is there)"
        yield _risk("no-count", "the service is new, and its file has no `desiredCount`", todo, where)
    if plan.live and plan.live.scaled and wanted is not None:
        least, most = plan.live.scaled
        code = "count-below-scaling" if wanted < plan.live.desired else "count-over-scaling"
        what = (
            f"`desiredCount: {wanted}` overrides Auto Scaling, which goes between {least} and {most} and wants "
            f"{plan.live.desired} now"
        )
        yield _risk(code, what, "remove `desiredCount` from the file", where)


def _is_daemon(document: Document) -> bool:
    return document.get("schedulingStrategy") == "DAEMON"


# -- how it goes -----------------------------------------------------------------------------------------------


def _of_deployment(plan: ServicePlan) -> Iterator[Risk]:
    live = plan.live
    if live is None:
        return
    if not restarts(plan):
        yield _risk("no-restart", "no running task is replaced")
        return
    yield _risk("restart", f"every task is replaced ({live.running} running)")
    deployments = live.answer.get("deployments") or []
    if any(item.get("rolloutState") == "IN_PROGRESS" for item in deployments):
        yield _risk("deploying", "another deployment is under way, which this one takes the place of")
    document = _effective(plan)
    settings: Mapping[str, Any] = document.get("deploymentConfiguration") or {}
    if settings.get("strategy") != "ROLLING":
        return
    where = _place(plan, "deploymentConfiguration")
    yield from _of_percent(document, settings, live.desired, where)
    breaker, alarms = settings.get("deploymentCircuitBreaker") or {}, settings.get("alarms") or {}
    guards = [guard for guard in (breaker, alarms) if guard.get("enable")]
    todo = "set `deploymentCircuitBreaker: {enable: true, rollback: true}`"
    if not guards:
        what = "the circuit breaker is off: a deployment that fails goes on trying, until somebody looks"
        yield _risk("breaker-off", what, todo, where)
    elif not any(guard.get("rollback") for guard in guards):
        yield _risk("breaker-keeps", "a deployment that fails is ended, but not rolled back", todo, where)


def _effective(plan: ServicePlan) -> Document:
    """The service as it is once it is updated, with every default."""
    live = plan.live.document if plan.live else {}
    definition = plan.config.service_definition
    full = filled(definition.document if definition else live, SERVICE)
    return {"desiredCount": live.get("desiredCount"), **full}


def _of_percent(document: Document, settings: Mapping[str, Any], running: int, where: Where | None) -> Iterator[Risk]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    count = document.get("desiredCount")
    count = running if count is None else count
    least, most = settings.get("minimumHealthyPercent", 100), settings.get("maximumPercent", 200)
    if count < 1:
        return
    if math.ceil(count * least / 100) >= count and math.floor(count * most / 100) <= count:
        what = f"of {count} tasks none may be stopped (at least {least}%), and none started (at most {most}%)"
        todo = (
            "lower `minimumHealthyPercent`" if _is_daemon(document) else "raise `maximumPercent`, or lower the minimum"
        )
        yield _risk("percent-stalls", what, todo, where)
    elif least == 0 and _is_daemon(document):
        yield _risk("percent-gap", "on each instance the old task is stopped before the new one starts", "", where)
    elif least == 0:
        what = "`minimumHealthyPercent: 0`: all old tasks may be stopped before a new one runs"
        yield _risk("percent-gap", what, "raise it", where)


def _place(plan: ServicePlan, *path: str | int) -> Where | None:
    definition = plan.config.service_definition
    return definition.tree.where(path) if definition else None


# -- what changes ----------------------------------------------------------------------------------------------


def _of_fields(plan: ServicePlan) -> Iterator[Risk]:
    """Only of a service that is there: of a new one everything is new."""
    if plan.live is None:
        return
    task = plan.task_definition.fields if plan.moves else ()
    service = plan.service.fields if plan.service else ()
    yield from _named("role-changed", "the role changes", [item for item in task if item.path in _ROLES])
    yield from _named("secret-changed", "where secrets come from changes", [item for item in task if _is_secret(item)])
    yield from _named("log-changed", "the log changes", [item for item in task if ".logConfiguration." in item.path])
    network = [item for item in service if item.path.endswith((".securityGroups", ".subnets"))]
    yield from _named("security-group-changed", "the network changes", network)
    public = [item for item in service if item.path.endswith(".assignPublicIp") and item.after == "ENABLED"]
    yield from _named("public-ip", "tasks get a public IP address", public)
    balanced = [item for item in service if item.path.startswith(("loadBalancers", "serviceRegistries"))]
    yield from _named("load-balancer-changed", "load balancers or registries change", balanced)
    yield from _named("smaller", "there is less CPU or memory", [item for item in task if _is_smaller(item)])


_ROLES = frozenset({"taskRoleArn", "executionRoleArn"})


def _named(code: str, what: str, fields: Sequence[FieldChange]) -> Iterator[Risk]:
    """One line for all fields, each with what it was and becomes."""
    if fields:
        told = ", ".join(f"`{item.path}` {_value(item.before)} → {_value(item.after)}" for item in fields[:_MOST])
        more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
        yield _risk(code, f"{what}: {told}{more}")


_MOST = 3
"""Fields that one line tells; the diff has them all."""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_secret(field: FieldChange) -> bool:
    return any(part in field.path for part in (".secrets.", ".secretOptions.", ".repositoryCredentials."))


def _is_smaller(field: FieldChange) -> bool:
    if field.path.rpartition(".")[2] not in _SIZES:
        return False
    try:
        return 0 < int(field.after or 0) < int(field.before or 0)
    except ValueError:  # a size that isn't known
        return False


# -- who names a container -------------------------------------------------------------------------------------


def _of_containers(plan: ServicePlan) -> Iterator[Risk]:
    """Where no file says what the service is to be, what it is has to go on working."""
    if plan.live is None or plan.config.service_definition is not None:
        return
    definition = plan.config.task_definition
    ports = {
        str(item.get("name")): {mapping.get("containerPort") for mapping in item.get("portMappings") or []}
        for item in definition.document.get("containerDefinitions", [])
    }
    for member in ("loadBalancers", "serviceRegistries"):
        for entry in plan.live.document.get(member) or []:
            name, port = entry.get("containerName"), entry.get("containerPort")
            if name and (name not in ports or (port and port not in ports[name])):
                at = f"`{name}`{f' with port {port}' if port else ''}"
                what = f"`{member}` of the service names the container {at}, which the task definition doesn't have"
                yield _risk(
                    "container-gone", what, "keep its name and port", definition.tree.where(("containerDefinitions",))
                )
