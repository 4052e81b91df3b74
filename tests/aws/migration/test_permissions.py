"""The policy that `esprestack iam --for migrate` prints is enough for a migration and its way back, and no more."""

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.aws.account import Account
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Tasks, Time
from tests.support.guarded_front import GuardedFront
from tests.support.schedules import Schedules

NIGHTLY = "cron(0 3 * * ? *)"


@pytest.fixture(scope="session")
def running_front() -> Iterator[GuardedFront]:
    with GuardedFront() as front:
        yield front


@pytest.fixture
def guard(running_front: GuardedFront, account: Account, folder: Folder, tasks: Tasks, time: Time) -> GuardedFront:
    """A rule of its own hours, and a rate that ran half an hour ago."""
    running_front.policy = None
    running_front.refused.clear()
    account.has_rule("nightly", ScheduleExpression=NIGHTLY)
    account.has_rule("hourly", ScheduleExpression="rate(1 hour)")
    tasks.started("hourly", time.now - timedelta(minutes=30))
    folder.config(a_rule(scheduleExpression=NIGHTLY), a_rule("hourly", scheduleExpression="rate(1 hour)"))
    return running_front


@pytest.fixture
def policy(esprestack: Esprestack, guard: GuardedFront) -> Iterator[dict[str, Any]]:
    said = esprestack("iam", "--account", "123456789012", "--for", "migrate", "--format", "json")
    document: dict[str, Any] = json.loads(said.out)
    yield document
    guard.policy = None


def test_a_migration_and_its_way_back_need_no_more(
    migrate: Esprestack, guard: GuardedFront, policy: dict[str, Any]
) -> None:
    guard.policy = policy
    said = migrate()
    assert (said.code, guard.refused) == (0, []), said.err
    assert migrate("--rollback", "--accept-missed-runs").code == 0
    assert guard.refused == []


def test_each_statement_has_a_name_of_its_own(policy: dict[str, Any]) -> None:
    names = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "action",
    [
        "events:DisableRule", "events:DescribeRule", "scheduler:CreateSchedule", "scheduler:UpdateSchedule",
        "scheduler:CreateScheduleGroup", "scheduler:GetSchedule", "events:ListTargetsByRule", "ecs:ListTasks",
        "ecs:DescribeTasks", "iam:PassRole", "iam:GetRole",
    ],
)  # fmt: skip
def test_without_any_one_action_something_is_refused_and_no_rule_is_left_in_neither_home(
    migrate: Esprestack,
    guard: GuardedFront,
    policy: dict[str, Any],
    account: Account,
    schedules: Schedules,
    action: str,
) -> None:
    guard.policy = without(policy, action)
    assert guard.policy != policy
    said = migrate()
    assert action in guard.refused
    assert "Traceback" not in said.out + said.err
    running = [name for name in account.names() if account.rule(name)["State"] == "ENABLED"]
    running += [name for (_, name), found in schedules.schedules.items() if found["State"] == "ENABLED"]
    assert sorted(running) == ["hourly", "nightly"], "each in one home"


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    policy = copy.deepcopy(policy)
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [item for item in actions if item != action]
    return policy
