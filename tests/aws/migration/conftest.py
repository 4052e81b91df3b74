"""An account with a role for both homes, and a time that passes only while somebody waits."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.aws.account import ACCOUNT, CLUSTER_ARN, REGION, Account
from tests.aws.conftest import Esprestack
from tests.aws.schedule_account import ScheduleAccount
from tests.aws.test_checks import Things, a_policy
from tests.support.aws_front import AwsFront, Parameters
from tests.support.schedules import Schedules

from esprestack.backends.tasks_mapping import eventbridges_mark
from esprestack.commands import migrate as command
from esprestack.options import run_of
from esprestack.rule import Home
from esprestack.run import Run
from esprestack.terminal import Terminal

SERVICES = ("events.amazonaws.com", "scheduler.amazonaws.com")


class Time:
    """What time it is. `at` acts are done when it has passed so far."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.acts: list[tuple[datetime, Callable[[], object]]] = []

    def read(self) -> datetime:
        return self.now

    def at(self, moment: str, act: Callable[[], object]) -> None:
        """Does `act` once it is that time, of the same day, or `Tue 03:00`."""
        self.acts.append((moment_of(moment), act))

    def pause(self, terminal: Terminal, seconds: float) -> bool:
        if not terminal.stop.is_set():
            self.now += timedelta(seconds=seconds)
            for due in [act for act in self.acts if act[0] <= self.now]:
                self.acts.remove(due)
                due[1]()
        return terminal.stop.is_set()


def moment_of(text: str) -> datetime:
    """Of Monday, 2 March 2026; `Tue 03:00` of the day after."""
    day = 3 if text.startswith("Tue") else 2
    return datetime.fromisoformat(f"2026-03-{day:02}T{text.removeprefix('Tue ')}").replace(tzinfo=UTC)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch, schedules: Schedules) -> Time:
    """It is noon."""
    time = Time(moment_of("12:00"))
    monkeypatch.setattr(schedules, "clock", time.read)
    monkeypatch.setattr(Terminal, "pause", lambda terminal, seconds: time.pause(terminal, seconds))

    def run(vault: Any, given: dict[str, Any]) -> Run:
        made = run_of(vault, given)
        return Run(replace(made.settings, now=time.now, clock=time.read), vault)

    monkeypatch.setattr(command, "run_of", run)
    return time


@pytest.fixture(scope="session")
def things_of_account(running_front: AwsFront) -> Things:
    return Things(running_front)


def has_role(things: Things, name: str, *services: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    things.iam.create_role(RoleName=name, AssumeRolePolicyDocument=a_policy(trust))
    things.may({"Effect": "Allow", "Action": ["ecs:*", "iam:PassRole", "sqs:*"], "Resource": "*"}, role=name)


@pytest.fixture
def things(front: AwsFront, things_of_account: Things) -> Things:
    """The account's roles: ecsEventsRole may be taken by both homes."""
    has_role(things_of_account, "ecsEventsRole", *SERVICES)
    return things_of_account


@pytest.fixture
def scheduled(account: Account, front: AwsFront, schedules: Schedules, things: Things) -> ScheduleAccount:
    """The account's schedules."""
    return ScheduleAccount(front, schedules)


class Tasks:
    """What ECS remembers of tasks: ListTasks and DescribeTasks."""

    def __init__(self, front: AwsFront) -> None:
        self._numbers = itertools.count(1)
        self.tasks: dict[str, dict[str, Any]] = {}
        front.play("ListTasks", self._list, service="ecs")
        front.play("DescribeTasks", self._describe, service="ecs")

    def started(self, name: str, *moments: datetime, status: str = "STOPPED", home: Home = Home.RULES) -> None:
        for moment in moments:
            task = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/jobs/{next(self._numbers):032x}"
            self.tasks[task] = {
                "taskArn": task,
                "clusterArn": CLUSTER_ARN,
                "startedBy": eventbridges_mark(name, home),
                "createdAt": moment.timestamp(),
                "lastStatus": status,
                "desiredStatus": status,
            }

    def _list(self, asked: Parameters) -> Mapping[str, Any]:
        wanted = asked["startedBy"], asked["desiredStatus"]
        return {
            "taskArns": [
                arn for arn, task in self.tasks.items() if (task["startedBy"], task["desiredStatus"]) == wanted
            ]
        }

    def _describe(self, asked: Parameters) -> Mapping[str, Any]:
        return {"tasks": [self.tasks[arn] for arn in asked["tasks"]], "failures": []}


@pytest.fixture
def tasks(front: AwsFront, account: Account) -> Tasks:
    return Tasks(front)


@pytest.fixture
def migrate(esprestack: Esprestack, time: Time, scheduled: ScheduleAccount, tasks: Tasks) -> Esprestack:
    """`migrate("--dry-run")`."""
    return lambda *arguments: esprestack("migrate", *arguments)
