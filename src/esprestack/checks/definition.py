"""A rule held against its task definition as ECS has it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
"""

import difflib
from collections.abc import Iterator

from esprestack.checks.finding import Finding
from esprestack.checks.launch import no_storage, on_fargate
from esprestack.checks.overrides import above_task, no_fargate_size
from esprestack.checks.sizes import SIZE_OF, cpu_units, fargate_advice, memory_mib
from esprestack.checks.subject import Subject, known
from esprestack.facts import Absent, TaskDefinition, TaskDefinitionFact
from esprestack.secrets import SEALED


def definition(subject: Subject, fact: TaskDefinitionFact | None) -> Iterator[Finding]:
    name = subject.shown.task_definition
    if isinstance(fact, Absent):
        what = f"the task definition `{name}` of the rule `{subject.rule.name}` doesn't exist"
        todo = f"register it in {subject.scope.region}, or mend the name"
        yield subject.finding("no-task-definition", what, subject.place("taskDefinition"), todo)
    if not isinstance(fact, TaskDefinition):
        return
    if not fact.active:
        what = f"the task definition `{name}` of the rule `{subject.rule.name}` was deregistered"
        todo = "take another revision, or the family alone for its latest one"
        yield subject.finding("inactive-task-definition", what, subject.place("taskDefinition"), todo)
    yield from _containers(subject, fact)
    yield from _network(subject, fact)
    yield from _launch_type(subject, fact)
    yield from _sizes(subject, fact)
    role = subject.opened.task_override.task_role or fact.task_role
    if subject.opened.enable_execute_command and not role:
        what = f"`enableExecuteCommand` needs a task role, and `{name}` has none"
        todo = "register it with one, or set `taskOverride.taskRole`"
        yield subject.finding("execute-command-without-role", what, subject.place("enableExecuteCommand"), todo)


def _name(subject: Subject, fact: TaskDefinition) -> str:
    """The revision that a run would use; a sealed name stays one."""
    shown = subject.shown.task_definition
    return shown if SEALED.search(shown) else fact.name


def _containers(subject: Subject, fact: TaskDefinition) -> Iterator[Finding]:
    """EventBridge doesn't look, and RunTask then refuses the override."""
    names = [container.name for container in fact.containers]
    for index, position in subject.containers():
        name, written = subject.opened.container_overrides[index].name, subject.shown.container_overrides[index].name
        if known(name) and name not in names:
            near = [] if SEALED.search(written) else difflib.get_close_matches(name, names, n=1)
            has = ", ".join(f"`{item}`" for item in names)
            todo = f"did you mean `{near[0]}`? It has {has}" if near else f"it has {has}"
            what = f"the task definition `{_name(subject, fact)}` has no container `{written}`"
            yield subject.finding(
                "no-such-container", what, subject.place("containerOverrides", position, "name"), todo
            )


def _network(subject: Subject, fact: TaskDefinition) -> Iterator[Finding]:
    given, mode = subject.opened.network_configuration, fact.network_mode
    if given is None and mode == "awsvpc" and not on_fargate(subject.opened):  # else `fargate-without-network` says it
        what = f"the network mode of `{_name(subject, fact)}` is `awsvpc`, which needs `network_configuration`"
        yield subject.finding("network-missing", what, subject.place("taskDefinition"), "add subnets")
    if given is not None and mode != "awsvpc":
        what = f"the network mode of `{_name(subject, fact)}` is `{mode}`, which takes no network configuration"
        where = subject.place("network_configuration")
        yield subject.finding("network-unexpected", what, where, "remove it, or register the mode `awsvpc`")


def _launch_type(subject: Subject, fact: TaskDefinition) -> Iterator[Finding]:
    target = subject.opened
    fit = fact.compatibilities or fact.requires_compatibilities
    name = f"`{_name(subject, fact)}`"
    launch_type = target.launch_type or ("FARGATE" if on_fargate(target) else "")
    if fit and launch_type and launch_type not in fit:
        where = subject.find("launch_type") or subject.place("capacityProviderStrategy")
        what = f"{name} can't be started on {launch_type}, only on {', '.join(sorted(fit))}"
        todo = "mend the launch type, or register the definition for it"
        yield subject.finding("incompatible-launch-type", what, where, todo)
    if not target.launch_type and not target.capacity_provider_strategy and _for_fargate(fact):
        what = f"{name} is for Fargate, and `{subject.rule.name}` leaves the launch type to the cluster's default"
        where = subject.place("taskDefinition")
        yield subject.finding("no-launch-type", what, where, "add `launch_type: FARGATE`")
    no_fargate = fit and "FARGATE" not in fit
    if target.task_override.ephemeral_storage is not None and on_fargate(target) is None and no_fargate:
        yield no_storage(subject)


def _for_fargate(fact: TaskDefinition) -> bool:
    return fact.requires_compatibilities == {"FARGATE"}


def _sizes(subject: Subject, fact: TaskDefinition) -> Iterator[Finding]:
    """What the run overrides, together with what it doesn't."""
    override = subject.opened.task_override
    cpu, memory = cpu_units(override.cpu or fact.cpu), memory_mib(override.memory or fact.memory)
    fargate = on_fargate(subject.opened)
    if cpu is not None and memory is not None and (override.cpu or override.memory):
        told_offline = override.cpu and (cpu not in SIZE_OF or (override.memory and fargate_advice(cpu, memory)))
        advice = fargate_advice(cpu, memory, fact.operating_system)
        if advice and ((fargate and not told_offline) or (fargate is None and _for_fargate(fact))):
            yield no_fargate_size(subject, cpu, memory, advice)
    yield from _container_sizes(subject, fact, "cpu", cpu, bool(override.cpu))
    yield from _container_sizes(subject, fact, "memory", memory, bool(override.memory))


def _container_sizes(
    subject: Subject, fact: TaskDefinition, key: str, most: int | None, overridden: bool
) -> Iterator[Finding]:
    """A container's size or the task's is overridden; where both are, the offline check says it."""
    positions = {subject.opened.container_overrides[index].name: (index, at) for index, at in subject.containers()}
    for base in fact.containers:
        index, position = positions.get(base.name, (-1, -1))
        override = subject.opened.container_overrides[index] if index >= 0 else None
        own = None if override is None else override.cpu if key == "cpu" else override.memory
        if own is not None and not overridden:
            yield from above_task(subject, index, position, key, own, most)
        default = base.cpu if key == "cpu" else base.memory
        if own is None and overridden and default and most is not None and default > most:
            unit = "CPU units" if key == "cpu" else "MiB of memory"
            what = f"the container `{base.name}` has {default} {unit}, its whole task gets {most}"
            where = subject.place("taskOverride", key)
            yield subject.finding("container-over-task", what, where, f"raise `{key}`, or override the container's")
