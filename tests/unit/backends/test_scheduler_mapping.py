"""A schedule's mapping loses nothing: `read(write(rule)) == rule`, and whatever AWS has beside it is named.

botocore's description of EventBridge Scheduler says what a request may hold and makes the answers.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from tests.unit.backends.answers import shape
from tests.unit.builders import SCOPE, a_rule
from tests.unit.strategies import QUICK, schedules

from esprestack.backends.scheduler_mapping import live_schedule, schedule_request
from esprestack.rule import Home, LiveRule, Rule, Timing

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_schedule(**members: Any) -> Rule:
    return a_rule(home=Home.SCHEDULER, **members)


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """GetSchedule's answer after such a request, with times as JSON has them."""
    times: dict[str, Any] = {key: request[key].timestamp() for key in ("StartDate", "EndDate") if key in request}
    retries = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    target = {"RetryPolicy": retries, **request["Target"]}
    return {**request, **times, "Target": target, "Arn": "arn:x", "CreationDate": 1.5, "LastModificationDate": 2.5}


def read(answer: dict[str, Any]) -> LiveRule:
    return live_schedule(answer, SCOPE, "batch")


@settings(QUICK, max_examples=60)
@given(schedules())
def test_what_is_written_is_read_again(rule: Rule) -> None:
    request = schedule_request(rule, SCOPE, NOW)
    found = read(answered(request))
    assert found == LiveRule(replace(rule, rule_tags=()), "batch")
    assert schedule_request(found.rule, SCOPE, NOW) == request


@settings(QUICK, max_examples=60)
@given(schedules())
def test_a_request_is_one_that_the_service_takes(rule: Rule) -> None:
    """An Input, a group or a reference may be longer than AWS takes: that is for the checks to say."""
    for operation in ("CreateSchedule", "UpdateSchedule"):
        report = ParamValidator().validate(schedule_request(rule, SCOPE, NOW), shape("scheduler", f"{operation}Input"))
        assert report.generate_report() == ""


def test_every_member_of_a_request_is_made() -> None:
    members = set(shape("scheduler", "CreateScheduleInput").members)
    timing = Timing("Asia/Tokyo", NOW, NOW, 5, "nightly", "DELETE", "arn:aws:kms:eu-west-1:123456789012:key/1")
    rule = a_schedule(description="x", timing=timing)
    assert set(schedule_request(rule, SCOPE, NOW)) == members - {"ClientToken"}


def test_a_schedule_without_more_says_all_defaults() -> None:
    assert schedule_request(a_schedule(), SCOPE, NOW) == {
        "Name": "report",
        "GroupName": "esprestack-batch",
        "ScheduleExpression": "rate(1 hour)",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "Target": {
            "Arn": SCOPE.cluster_arn,
            "RoleArn": SCOPE.arn("iam", "role/ecsEventsRole"),
            "EcsParameters": {"TaskDefinitionArn": SCOPE.arn("ecs", "task-definition/reports"), "TaskCount": 1},
        },
    }


def test_tags_of_a_task_are_maps_of_one_entry() -> None:
    request = schedule_request(a_schedule(tags=(("cost", "7"), ("team", "red"))), SCOPE, NOW)
    assert request["Target"]["EcsParameters"]["Tags"] == [{"cost": "7"}, {"team": "red"}]
    several = answered(request)
    several["Target"]["EcsParameters"]["Tags"] = [{"cost": "7", "team": "red"}]
    assert read(several) == read(answered(request))


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"AddedLater": 1}, "its AddedLater"),
        ({"State": "PAUSED"}, "its state PAUSED"),
        ({"FlexibleTimeWindow": {"Mode": "SOMETIMES"}}, "its FlexibleTimeWindow"),
        ({"ActionAfterCompletion": "ARCHIVE"}, "its ActionAfterCompletion"),
        ({"Target": {"Arn": "arn:aws:lambda:x", "RoleArn": "r"}}, "its target, which is no task on this cluster"),
    ],
)
def test_what_a_config_can_not_say_is_named(members: dict[str, Any], lost: str) -> None:
    answer = answered(schedule_request(a_schedule(), SCOPE, NOW)) | members
    assert read(answer).would_lose == (lost,)


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (lambda target: target.update(SqsParameters={}), "its target's SqsParameters"),
        (lambda target: target["EcsParameters"].update(AddedLater=1), "its target's EcsParameters.AddedLater"),
        (lambda target: target["EcsParameters"].update(Tags="x"), "its target's EcsParameters.Tags"),
        (lambda target: target.update(Input="[]"), "its target's Input, which is no task override"),
        (lambda target: target["EcsParameters"].update(Tags=[{"a": "1"}, {"a": "2"}]), "a task tag that is set twice"),
    ],
)
def test_what_a_config_can_not_say_of_a_target_is_named(change: Any, lost: str) -> None:
    answer = answered(schedule_request(a_schedule(), SCOPE, NOW))
    change(answer["Target"])
    assert read(answer).would_lose == (lost,)


def test_a_start_that_has_passed_is_not_said_again() -> None:
    past = datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
    cron = a_schedule(schedule_expression="cron(0 3 * * ? *)", timing=Timing(start=past))
    assert "StartDate" not in schedule_request(cron, SCOPE, NOW)
    rate = a_schedule(schedule_expression="rate(1 hour)", timing=Timing(start=past))
    assert schedule_request(rate, SCOPE, NOW)["StartDate"] == datetime(2026, 3, 1, 0, 7, tzinfo=UTC)
