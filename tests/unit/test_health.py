"""Whose failures are counted: rules have a metric each, schedules one for their group."""

from typing import Any

from tests.unit.builders import SCOPE, a_rule

from esprestack.backends.tasks_mapping import eventbridges_mark
from esprestack.health import _metrics
from esprestack.rule import Home, Timing


def test_rules_are_counted_one_by_one_and_schedules_by_group() -> None:
    schedules: dict[str, Any] = {"home": Home.SCHEDULER}
    rules = [a_rule("one"), a_rule("two", **schedules), a_rule("three", **schedules, timing=Timing(group="more"))]
    assert [(name, metric["Namespace"], metric["MetricName"]) for name, metric in _metrics(rules, SCOPE)] == [
        ("one", "AWS/Events", "FailedInvocations"),
        ("esprestack-batch", "AWS/Scheduler", "TargetErrorCount"),
        ("esprestack-batch", "AWS/Scheduler", "InvocationDroppedCount"),
        ("more", "AWS/Scheduler", "TargetErrorCount"),
        ("more", "AWS/Scheduler", "InvocationDroppedCount"),
    ]


def test_tasks_say_who_started_them_in_36_characters() -> None:
    assert eventbridges_mark("nightly-report", Home.RULES) == "events-rule/nightly-report"
    assert (
        eventbridges_mark("a-name-that-is-longer-than-fits", Home.SCHEDULER) == "chronos-schedule/a-name-that-is-long"
    )
