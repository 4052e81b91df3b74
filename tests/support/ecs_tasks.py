"""ECS's tasks as a test plays them: moto knows neither exit codes, nor stop codes, nor tasks that don't start.

Every answer is held against botocore's description of it, so that none can have a form that ECS doesn't give.
"""

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import botocore.session
from botocore.validate import ParamValidator
from moto.ecs.models import ecs_backends
from tests.support.aws_front import AwsFront, Parameters

Members: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What DescribeTasks says of a task at one look: `MISSING`, that there is none. `act` is done just before."""

    status: str
    members: Members = field(default_factory=dict)
    act: Callable[[], object] = lambda: None


PENDING, RUNNING = Look("PENDING"), Look("RUNNING")


def stopped(
    *exit_codes: int | None, names: Sequence[str] = ("app",), act: Callable[[], object] = lambda: None, **members: Any
) -> Look:
    """A task whose containers `names` ended with `exit_codes`; None: they have none."""
    containers = [
        {"name": name, "lastStatus": "STOPPED"}
        | ({} if code is None else {"exitCode": code, "runtimeId": f"id-{name}"})
        for name, code in zip(names, exit_codes, strict=True)
    ]
    usual = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
    return Look("STOPPED", {"containers": containers, **usual, **members}, act)


def failed_to_start(reason: str, *, container: str = "", **members: Any) -> Look:
    """A task that never ran; `container` is what ECS says of its container."""
    containers = [{"name": "app", "lastStatus": "STOPPED"} | ({"reason": container} if container else {})]
    why = {"stopCode": "TaskFailedToStart", "stoppedReason": reason}
    return Look("STOPPED", {"containers": containers, **why, **members})


class EcsTasks:
    """Answers RunTask, DescribeTasks and StopTask at `front`. Each DescribeTasks goes one look further."""

    def __init__(self, front: AwsFront) -> None:
        self._front = front
        self._model = botocore.session.get_session().get_service_model("ecs")
        self._numbers = itertools.count(1)
        self._waiting: list[Sequence[Look]] = []
        self._failures: list[Members] = []
        self._looks: dict[str, deque[Look]] = {}
        self._made: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, list[str]] = {}
        for operation, answer in {
            "RunTask": self._run,
            "DescribeTasks": self._describe,
            "StopTask": self._stop,
        }.items():
            front.play(operation, answer)

    def start(self, *looks: Sequence[Look], failures: Sequence[Members] = ()) -> None:
        """What the next RunTask starts: a task for each of `looks`, which says what it goes through."""
        self._waiting, self._failures = list(looks), list(failures)

    @property
    def arns(self) -> list[str]:
        return list(self._made)

    def _run(self, asked: Parameters) -> Mapping[str, Any]:
        token = asked["clientToken"]
        if token not in self._tokens:
            arns = [self._make(asked, looks) for looks in self._waiting]
            self._tokens[token] = arns
        tasks = [self._made[arn] for arn in self._tokens[token]]
        return self._checked("RunTask", {"tasks": tasks, "failures": self._failures})

    def _make(self, asked: Parameters, looks: Sequence[Look]) -> str:
        arn = f"{asked['cluster'].replace(':cluster/', ':task/')}/{next(self._numbers):08x}{0:024x}"
        definition = _latest(asked["taskDefinition"])
        self._made[arn] = {"taskArn": arn, "taskDefinitionArn": definition, "lastStatus": "PROVISIONING"}
        self._looks[arn] = deque(looks)
        return arn

    def _describe(self, asked: Parameters) -> Mapping[str, Any]:
        tasks = []
        for arn in asked["tasks"]:
            if self._looks[arn]:
                look = self._looks[arn].popleft()
                look.act()
                self._made[arn] |= {"lastStatus": look.status, **look.members}
            tasks.append(self._made[arn])
        known = [task for task in tasks if task["lastStatus"] != "MISSING"]
        failures = [{"arn": task["taskArn"], "reason": "MISSING"} for task in tasks if task not in known]
        return self._checked("DescribeTasks", {"tasks": known, "failures": failures})

    def _stop(self, asked: Parameters) -> Mapping[str, Any]:
        return self._checked("StopTask", {"task": self._made[asked["task"]]})

    def _checked(self, operation: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        report = ParamValidator().validate(answer, self._model.operation_model(operation).output_shape)
        assert not report.has_errors(), report.generate_report()
        return answer


def _latest(task_definition: str) -> str:
    """The ARN with the revision that a start uses."""
    _, _, _, region, account, resource = task_definition.split(":", 5)
    if ":" in resource:
        return task_definition
    return f"{task_definition}:{max(ecs_backends[account][region].task_definitions[resource.rpartition('/')[2]])}"
