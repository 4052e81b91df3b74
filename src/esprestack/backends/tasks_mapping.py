"""RunTask's request, which is what EventBridge would send for a target, and ECS's and CloudWatch's answers as types.

In: a target with its seals opened; out: requests. In: answers; out: frozen types in AWS's words.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from esprestack.backends.rules_mapping import put_target
from esprestack.rule import Home, Scope, Target

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = Mapping[str, Any]

STARTED_BY_LENGTH = 36
"""EventBridge cuts its own, `events-rule/NAME`, there."""

RUNNING, STOPPED = "RUNNING", "STOPPED"
"""The status of a task that is at its work, and the one that it ends with.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

_NOT_IN_STARTED_BY = re.compile(r"[^A-Za-z0-9_/-]")
_RENAMED = {"taskDefinitionArn": "taskDefinition", "taskCount": "count"}
"""EcsParameters' members that RunTask calls otherwise; the others differ in their first letter's case at most."""


# -- target → request ------------------------------------------------------------------------------------------


def run_request(target: Target, scope: Scope, rule: str, token: str) -> Request:
    """RunTask as EventBridge makes it of the target: EcsParameters member by member, and Input as the overrides.

    It is made of the very entry that PutTargets gets, so that no field can be in one and not in the other. `token`
    is RunTask's: the same one twice starts nothing twice.
    """
    entry = put_target(target, scope)
    parameters = _lowered(entry["EcsParameters"])
    request = {_RENAMED.get(key, key): value for key, value in parameters.items()}
    if "Input" in entry:
        request["overrides"] = json.loads(entry["Input"])
    return request | {"cluster": entry["Arn"], "startedBy": started_by(rule), "clientToken": token}


def started_by(rule: str) -> str:
    """The mark of the tasks of one rule, as `aws ecs list-tasks --started-by` takes it."""
    return _NOT_IN_STARTED_BY.sub("-", f"esprestack/{rule}")[:STARTED_BY_LENGTH]


def eventbridges_mark(name: str, home: Home) -> str:
    """What EventBridge, or its Scheduler, gives the tasks of a rule as `startedBy`: seen, and nowhere documented."""
    kind = "events-rule" if home is Home.RULES else "chronos-schedule"
    return f"{kind}/{name}"[:STARTED_BY_LENGTH]


def _lowered(part: Any) -> Any:
    """`part` with the first letter of each member's name in lower case: EventBridge's spelling → ECS's."""
    if isinstance(part, dict):
        return {key[0].lower() + key[1:]: _lowered(value) for key, value in part.items()}
    return [_lowered(item) for item in part] if isinstance(part, list) else part


# -- answers → types -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaskContainer:
    """A container of a task. No exit code: it didn't run, or hasn't ended."""

    name: str
    exit_code: int | None = None
    reason: str = ""
    runtime_id: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as ECS has it at a moment."""

    arn: str
    status: str = ""
    task_definition: str = ""
    containers: tuple[TaskContainer, ...] = ()
    stop_code: str = ""
    stopped_reason: str = ""
    started_by: str = ""
    """Of a service's task the id of its deployment."""
    stopped_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def is_stopped(self) -> bool:
        return self.status == STOPPED


@dataclass(frozen=True, slots=True)
class Failure:
    """A task, or an attempt to place one, that ECS gave up at once."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Launch:
    """RunTask's answer: it can be a success in part."""

    tasks: tuple[Task, ...]
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerSetup:
    """What a task definition says of a container's part in the task and of its log; empty means that it doesn't."""

    name: str
    essential: bool = True
    log_driver: str = ""
    log_group: str = ""
    log_region: str = ""
    stream_prefix: str = ""

    def stream(self, task: Task) -> str:
        """The name of its log stream; empty as long as it has none.

        https://docs.docker.com/engine/logging/drivers/awslogs/ (without a prefix: the container's id)
        """
        if self.stream_prefix:
            return f"{self.stream_prefix}/{self.name}/{task.id}"
        return next((item.runtime_id for item in task.containers if item.name == self.name), "")


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a container wrote; `at` is in milliseconds since 1970. A text may have several lines."""

    at: int
    task_id: str
    container: str
    text: str


def launch(answer: Answer) -> Launch:
    failures = dict.fromkeys(
        Failure(item.get("reason") or "", item.get("detail") or "") for item in answer.get("failures") or ()
    )  # one for each container instance that was looked at
    return Launch(tasks(answer), tuple(failures))


def tasks(answer: Answer) -> tuple[Task, ...]:
    """The tasks of RunTask's or DescribeTasks' answer."""
    return tuple(
        Task(
            arn=item["taskArn"],
            status=item.get("lastStatus") or "",
            task_definition=item.get("taskDefinitionArn") or "",
            containers=tuple(map(_container, item.get("containers") or ())),
            stop_code=item.get("stopCode") or "",
            stopped_reason=item.get("stoppedReason") or "",
            started_by=item.get("startedBy") or "",
            stopped_at=item.get("stoppedAt"),
        )
        for item in answer.get("tasks") or ()
    )


def _container(answer: Answer) -> TaskContainer:
    return TaskContainer(
        answer.get("name") or "",
        answer.get("exitCode"),
        answer.get("reason") or "",
        answer.get("runtimeId") or "",
    )


def container_setups(answer: Answer) -> tuple[ContainerSetup, ...]:
    """The containers of DescribeTaskDefinition's answer."""
    return tuple(map(_container_setup, answer["taskDefinition"].get("containerDefinitions") or ()))


def _container_setup(container: Answer) -> ContainerSetup:
    log = container.get("logConfiguration") or {}
    options = log.get("options") or {}
    return ContainerSetup(
        name=container["name"],
        essential=container.get("essential") is not False,
        log_driver=log.get("logDriver") or "",
        log_group=options.get("awslogs-group") or "",
        log_region=options.get("awslogs-region") or "",
        stream_prefix=options.get("awslogs-stream-prefix") or "",
    )


def log_lines(events: Sequence[Answer], task_id: str, container: str) -> list[LogLine]:
    """The lines of GetLogEvents' events."""
    return [
        LogLine(event.get("timestamp") or 0, task_id, container, (event.get("message") or "").rstrip("\n"))
        for event in events
    ]
