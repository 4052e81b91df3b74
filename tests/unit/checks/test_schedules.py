"""Findings about schedules of EventBridge Scheduler, and about keys in the wrong home."""

import pytest
from tests.unit.checks.builders import Told, offline, said, told
from tests.unit.config.builders import Given, a_config

ON = "backend: scheduler"


@pytest.mark.parametrize(
    "line",
    [
        "timezone: Asia/Tokyo",
        "startDate: 2026-07-01T00:00:00Z",
        "endDate: 2026-07-01",
        "flexibleTimeWindow: {maximumWindowInMinutes: 5}",
        "scheduleGroup: nightly",
        "actionAfterCompletion: DELETE",
        "kmsKey: arn:aws:kms:eu-west-1:123456789012:key/1",
    ],
)
def test_a_key_of_schedules_is_none_of_rules(line: str) -> None:
    assert ("wrong-home", "refused", 6, line.index(":") + 5) in told(offline(a_config(line)))
    assert "wrong-home" not in {code for code, *_ in told(offline(a_config(ON, line)))}


@pytest.mark.parametrize("line", ["targetId: main", "ruleRole: other", "ruleTags: {team: batch}"])
def test_a_key_of_rules_is_none_of_schedules(line: str) -> None:
    assert [code for code, *_ in told(offline(a_config(ON, line)))] == ["wrong-home"]
    assert offline(a_config(line)) == []


def test_the_backend_of_the_whole_config_counts() -> None:
    text = f"backend: scheduler\n{a_config('targetId: main')}"
    assert [code for code, *_ in told(offline(text))] == ["wrong-home"]
    assert offline(f"backend: scheduler\n{a_config('backend: rules', 'targetId: main')}") == []


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("Asia/Tokyo", []),
        ("UTC", []),
        ("Asia/Tokio", [("timezone", "refused", 7, 13)]),
        ("JST", [("timezone", "refused", 7, 13)]),
        ("../etc/passwd", [("timezone", "refused", 7, 13)]),
        ("Asia", [("timezone", "refused", 7, 13)]),
    ],
)
def test_a_time_zone(zone: str, found: list[Told]) -> None:
    assert told(offline(a_config(ON, f"timezone: {zone}"))) == found


def test_a_time_zone_that_was_meant_is_named() -> None:
    assert said(offline(a_config(ON, "timezone: Asia/Tokio"))) == [
        "`Asia/Tokio` is no time zone (did you mean `Asia/Tokyo`?)"
    ]


def test_a_sealed_time_zone_is_not_shown() -> None:
    given = Given(secrets={"ZONE": "Atlantis/Poseidonis"})
    (finding,) = offline(a_config(ON, "timezone: {{ secret('ZONE') }}"), given)
    assert finding.problem.code == "timezone"
    assert "Atlantis" not in str(finding.problem)


def test_a_schedule_ends_after_it_starts() -> None:
    lines = ("startDate: 2026-08-01", "endDate: 2026-07-01")
    assert told(offline(a_config(ON, *lines))) == [("schedule-dates", "refused", 8, 12)]


def test_a_start_or_an_end_says_nothing_of_a_schedule_that_runs_once() -> None:
    text = a_config(ON, "endDate: 2027-07-01").replace("rate(1 day)", "at(2027-01-01T00:00:00)")
    assert told(offline(text)) == [("dates-of-once", "warning", 7, 12)]


def test_a_schedule_that_has_ended_is_over() -> None:
    text = a_config(ON, "endDate: 2025-12-01").replace("rate(1 day)", "cron(0 3 * * ? *)")
    assert told(offline(text)) == [("schedule-over", "warning", 4, 23)]


def test_a_schedule_that_runs_once_is_over_in_its_own_time_zone() -> None:
    def found(*lines: str) -> list[str]:
        text = a_config(ON, *lines).replace("rate(1 day)", "at(2026-01-01T05:00:00)")
        return [code for code, *_ in told(offline(text))]

    assert found() == []  # it is midnight in UTC
    assert found("timezone: Asia/Tokyo") == ["schedule-over"]
    assert found("timezone: Asia/Tokyo", "actionAfterCompletion: DELETE") == []


def test_what_scheduler_takes_and_rules_do_not_is_fine_on_a_schedule() -> None:
    assert offline(a_config(ON).replace("rate(1 day)", "at(2027-01-01T00:00:00)")) == []


def test_a_schedule_is_in_a_group_of_its_own() -> None:
    assert told(offline(a_config(ON, "scheduleGroup: default"))) == [("schedule-group", "refused", 7, 18)]


def test_a_key_that_encrypts_is_an_arn() -> None:
    assert told(offline(a_config(ON, "kmsKey: alias/mine"))) == [("kms-key", "refused", 7, 11)]
    assert offline(a_config(ON, "kmsKey: arn:aws:kms:eu-west-1:123456789012:alias/mine")) == []


def test_a_tag_of_a_schedule_has_a_value() -> None:
    assert [code for code, *_ in told(offline(a_config(ON, "tags: {team: ''}")))] == ["tag-limits"]
    assert offline(a_config("tags: {team: ''}")) == []


def test_context_attributes_are_replaced_on_schedules_alone() -> None:
    line = "containerOverrides: [{name: app, environment: {AT: <aws.scheduler.scheduled-time>}}]"
    assert [code for code, *_ in told(offline(a_config(line)))] == ["context-attribute"]
    assert offline(a_config(ON, line)) == []


def test_the_same_job_in_another_time_zone_is_another_job() -> None:
    one = a_config(ON, "timezone: Asia/Tokyo").replace("rate(1 day)", "cron(0 3 * * ? *)")
    other = one.partition("rules:\n")[2].replace("report", "other", 1)
    assert [code for code, *_ in told(offline(one + other))] == ["same-job-twice"]
    assert offline(one + other.replace("Asia/Tokyo", "Europe/Berlin")) == []
