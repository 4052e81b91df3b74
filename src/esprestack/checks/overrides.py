"""What a run overrides: its length as it is sent, sizes of task and containers, environment."""

import re
from collections.abc import Iterator
from itertools import islice

from esprestack.backends.rules_mapping import put_target
from esprestack.checks.finding import Finding
from esprestack.checks.launch import on_fargate
from esprestack.checks.sizes import SIZE_OF, cpu_units, fargate_advice, memory_mib
from esprestack.checks.subject import Subject, known

LONGEST_OVERRIDES = 8192
"""Characters of a target's Input, and of RunTask's overrides, which are the same JSON.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

MOST_ENVIRONMENT_FILES = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html"""

_ENVIRONMENT_FILE = re.compile(r"arn:aws[\w-]*:s3:::[^/]+/.+\.env")


def overrides(subject: Subject) -> Iterator[Finding]:
    yield from _length(subject)
    yield from _task_size(subject)
    for index, position in subject.containers():
        yield from _container_size(subject, index, position)
        yield from _environment(subject, index, position)


def _length(subject: Subject) -> Iterator[Finding]:
    if _is_short(subject):
        return
    sent = str(put_target(subject.opened, subject.scope).get("Input", ""))
    if known(sent) and len(sent) > LONGEST_OVERRIDES:
        where = subject.find("containerOverrides") or subject.place("taskOverride")
        what = (
            f"the overrides of the rule `{subject.rule.name}` have {len(sent)} characters as JSON, "
            f"AWS takes {LONGEST_OVERRIDES}"
        )
        todo = "move values into the task definition, an environment file or a parameter that the task reads"
        yield subject.finding("overrides-too-long", what, where, todo)


def _is_short(subject: Subject) -> bool:
    """Whether the overrides can't be too long, whatever JSON makes of them: true of most rules, and quickly told."""
    task = subject.opened.task_override
    roles = (task.task_role, task.execution_role)
    characters = 2 * _AROUND + sum(_LONGEST_ESCAPE * len(role) for role in roles)
    for container in subject.opened.container_overrides:
        texts = (*container.command, *(part for pair in container.environment for part in pair))
        characters += _AROUND + sum(_LONGEST_ESCAPE * len(text) + _AROUND for text in texts)
        characters += sum(_LONGEST_ESCAPE * len(file.value) + _AROUND for file in container.environment_files)
        characters += _AROUND * len(container.resource_requirements)
    return characters <= LONGEST_OVERRIDES


_LONGEST_ESCAPE = 6
"""Characters of a character in JSON: `\\u0000`."""
_AROUND = 100
"""Characters around a text, and of all that is short, generously."""


def _task_size(subject: Subject) -> Iterator[Finding]:
    opened, shown = subject.opened.task_override, subject.shown.task_override
    cpu, memory = cpu_units(opened.cpu), memory_mib(opened.memory)
    if opened.cpu and known(opened.cpu) and cpu is None:
        what = f"`{shown.cpu}` is no size of a CPU"
        where = subject.place("taskOverride", "cpu")
        yield subject.finding("task-size", what, where, "write CPU units, such as `256`, or `.25 vCPU`")
    if opened.memory and known(opened.memory) and memory is None:
        what = f"`{shown.memory}` is no size of a memory"
        where = subject.place("taskOverride", "memory")
        yield subject.finding("task-size", what, where, "write MiB, such as `512`, or `0.5 GB`")
    if not on_fargate(subject.opened):
        return
    if cpu is not None and memory is not None and (advice := fargate_advice(cpu, memory)):
        yield no_fargate_size(subject, cpu, memory, advice)
    elif cpu is not None and cpu not in SIZE_OF:
        what = f"Fargate has no tasks with {cpu} CPU units"
        yield subject.finding("fargate-size", what, subject.place("taskOverride", "cpu"), _sizes())


def _sizes() -> str:
    return f"take {', '.join(map(str, SIZE_OF))}"


def no_fargate_size(subject: Subject, cpu: int, memory: int, advice: str) -> Finding:
    """The finding of a pair, at what the rule overrides of it."""
    key = "cpu" if cpu not in SIZE_OF or not subject.shown.task_override.memory else "memory"
    what = f"Fargate has no tasks with {cpu} CPU units and {memory} MiB of memory"
    return subject.finding("fargate-size", what, subject.place("taskOverride", key), advice)


def _container_size(subject: Subject, index: int, position: int) -> Iterator[Finding]:
    container = subject.opened.container_overrides[index]
    task = subject.opened.task_override
    yield from above_task(subject, index, position, "cpu", container.cpu, cpu_units(task.cpu))
    yield from above_task(subject, index, position, "memory", container.memory, memory_mib(task.memory))
    if container.memory and container.memory_reservation and container.memory_reservation > container.memory:
        what = (
            f"the container `{subject.shown.container_overrides[index].name}` reserves "
            f"{container.memory_reservation} MiB of memory and may use {container.memory}"
        )
        where = subject.place("containerOverrides", position, "memoryReservation")
        yield subject.finding("memory-reservation", what, where, "reserve less, or raise `memory`")
    needs = [item.type for item in container.resource_requirements]
    if "GPU" in needs and on_fargate(subject.opened):
        where = subject.place("containerOverrides", position, "resourceRequirements")
        yield subject.finding("gpu-with-fargate", "Fargate has no GPUs", where, "run it on EC2, or remove the GPU")


def above_task(
    subject: Subject, index: int, position: int, key: str, size: int | None, most: int | None
) -> Iterator[Finding]:
    """The finding of a container override that is larger than the task is, where both are known."""
    if size is not None and most is not None and size > most:
        name = subject.shown.container_overrides[index].name
        unit = "CPU units" if key == "cpu" else "MiB of memory"
        what = f"the container `{name}` gets {size} {unit}, its whole task has {most}"
        where = subject.place("containerOverrides", position, key)
        yield subject.finding("container-over-task", what, where, f"raise `{key}` under `taskOverride`, or lower this")


def _environment(subject: Subject, index: int, position: int) -> Iterator[Finding]:
    """Names and files: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html"""
    opened, shown = subject.opened.container_overrides[index], subject.shown.container_overrides[index]
    if any(not name for name, _ in opened.environment):
        where = subject.place("containerOverrides", position, "environment", "")
        what = f"an environment variable of the container `{shown.name}` has no name"
        yield subject.finding("environment-name", what, where, "give it a name or remove it")
    for at, (file, written) in enumerate(zip(opened.environment_files, shown.environment_files, strict=True)):
        if known(file.value) and not _ENVIRONMENT_FILE.fullmatch(file.value):
            where = subject.place("containerOverrides", position, "environmentFiles", at, "value")
            what = f"`{written.value}` is no environment file's ARN"
            todo = "write `arn:aws:s3:::BUCKET/PATH.env`"
            yield subject.finding("environment-file", what, where, todo)
    for at, _ in islice(enumerate(opened.environment_files), MOST_ENVIRONMENT_FILES, MOST_ENVIRONMENT_FILES + 1):
        where = subject.place("containerOverrides", position, "environmentFiles", at)
        what = f"the container `{shown.name}` has more than {MOST_ENVIRONMENT_FILES} environment files"
        yield subject.finding("environment-file", what, where, "merge some")
