"""Findings about when rules run."""

from datetime import UTC, datetime

import pytest
from tests.unit.checks.builders import Told, offline, said, told
from tests.unit.config.builders import Given, a_config

KEY = len("  scheduleExpression: ")


def with_schedule(value: str, *lines: str) -> str:
    """The value stands on line 4, from column 23 on."""
    return a_config(*lines).replace("rate(1 day)", value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("cron(0 3 * * ? *)", []),
        ("cron(0 25 ? * MON *)", [("schedule-expression", "refused", 4, 30)]),
        ("'cron(0 25 ? * MON *)'", [("schedule-expression", "refused", 4, 31)]),
        ('"cron(0 25 ? * MON *)"', [("schedule-expression", "refused", 4, 31)]),
        ('"cron(0\\x2025 ? * MON *)"', [("schedule-expression", "refused", 4, 23)]),
        (">-\n    cron(0 25 ? * MON *)", [("schedule-expression", "refused", 4, 23)]),
        ("!!str cron(0 25 ? * MON *)", [("schedule-expression", "refused", 4, 23)]),
        ("rate(1 days)", [("schedule-expression", "refused", 4, 28)]),
        ("every day", [("schedule-expression", "refused", 4, 23)]),
        ("at(2026-05-01T00:00:00)", [("schedule-expression", "refused", 4, 23)]),
        ("cron(0 0 ? * 6-2 *)", [("schedule-doubtful", "warning", 4, 23)]),
        ("cron(0 3 * * ? 2025)", [("schedule-over", "warning", 4, 23)]),
        ("cron(0 3 * * ? 2026)", []),
        ("cron(0 3 31 2 ? *)", [("schedule-never", "never-runs", 4, 23)]),
    ],
)
def test_a_schedule(value: str, found: list[Told]) -> None:
    assert told(offline(with_schedule(value))) == found


def test_the_message_is_the_parsers() -> None:
    (finding,) = said(offline(with_schedule("cron(0 25 ? * MON *)")))
    assert finding.startswith("the schedule expression `cron(0 25 ? * MON *)`: hours `25`")


def test_the_place_within_a_templated_value_is_the_tags() -> None:
    text = with_schedule("cron(0 {{ var('HOUR') }} ? * MON *)")
    assert told(offline(text, Given(variables={"HOUR": "25"}))) == [("schedule-expression", "refused", 4, 30)]
    text = with_schedule("{{ var('EXPRESSION') }}")
    assert told(offline(text, Given(variables={"EXPRESSION": "cron(0 25 ? * MON *)"}))) == [
        ("schedule-expression", "refused", 4, 23)
    ]


def test_the_place_behind_a_tag_is_still_exact() -> None:
    text = with_schedule("cron({{ var('MINUTE') }} 25 ? * MON *)")
    assert told(offline(text, Given(variables={"MINUTE": "0"}))) == [
        ("schedule-expression", "refused", 4, KEY + len("cron({{ var('MINUTE') }} ") + 1)
    ]


def test_the_place_in_json_and_in_another_spelling() -> None:
    text = (
        '{"cluster": "batch", "rules": [{"name": "a", "taskDefinition": "b",\n "schedule_expression": "rate(1 days)"}]}'
    )
    assert told(offline(text)) == [("schedule-expression", "refused", 2, 31)]


def test_the_place_of_an_expression_that_every_rule_has_is_in_the_defaults() -> None:
    rule = a_config().replace("  scheduleExpression: rate(1 day)\n", "")
    text = f"defaults:\n  scheduleExpression: rate(1 days)\n{rule}"
    assert told(offline(text)) == [("schedule-expression", "refused", 2, 28)]


def test_a_sealed_expression_is_judged_and_not_quoted() -> None:
    given = Given(secrets={"WHEN": "cron(0 25 ? * MON *)"})
    (finding,) = offline(with_schedule("\"{{ secret('WHEN') }}\""), given)
    assert told([finding]) == [("schedule-expression", "refused", 4, 23)]
    assert "25" not in f"{finding.problem.what} {finding.problem.todo}"


@pytest.mark.parametrize("weekdays", ["6-2", "1-5"])
def test_of_a_sealed_expression_no_warning_is_quoted(weekdays: str) -> None:
    given = Given(secrets={"WHEN": f"cron(0 0 ? * {weekdays} *)"})
    assert offline(with_schedule("\"{{ secret('WHEN') }}\""), given) == []


def test_an_expression_without_an_answer_is_not_judged() -> None:
    assert offline(with_schedule("\"{{ must_env('WHEN') }}\"")) == []


def test_a_disabled_rule_may_be_over_but_has_to_come_up() -> None:
    assert offline(with_schedule("cron(0 3 * * ? 2025)", "disabled: true")) == []
    assert told(offline(with_schedule("cron(0 3 31 2 ? *)", "disabled: true"))) == [
        ("schedule-never", "never-runs", 4, 23)
    ]


@pytest.mark.parametrize(
    ("weekdays", "said"),
    [
        ("1-5", "day-of-week `1-5` is SUN-THU here, Sunday is 1 (write `MON-FRI` or `SUN-THU`, whichever is meant)"),
        ("1,2,3,4,5", "day-of-week `1,2,3,4,5` is SUN-THU here, Sunday is 1 (write `MON-FRI` or `SUN-THU`, whichever is meant)"),
        ("1-6", "day-of-week `1-6` is SUN-FRI here, Sunday is 1 (write `MON-SAT` or `SUN-FRI`, whichever is meant)"),
        ("6,7", "day-of-week `6,7` is FRI,SAT here, Sunday is 1 (write `SUN,SAT` or `FRI,SAT`, whichever is meant)"),
        ("6-7", "day-of-week `6-7` is FRI,SAT here, Sunday is 1 (write `SUN,SAT` or `FRI,SAT`, whichever is meant)"),
    ],
)  # fmt: skip
def test_numbers_of_weekdays_that_unix_cron_counts_otherwise(weekdays: str, said: str) -> None:
    (finding,) = offline(with_schedule(f"cron(0 10 ? * {weekdays} *)"))
    assert told([finding]) == [("schedule-weekdays", "warning", 4, KEY + len("cron(0 10 ? * ") + 1)]
    assert str(finding.problem).endswith(said)


@pytest.mark.parametrize("weekdays", ["MON-FRI", "2-6", "SUN-THU", "1,7", "SAT,SUN", "1", "6", "5L", "2#1", "1-7", "*"])
def test_weekdays_that_are_as_they_look(weekdays: str) -> None:
    assert offline(with_schedule(f"cron(0 10 ? * {weekdays} *)")) == []


def test_the_place_of_weekdays_is_theirs_however_wide_the_blanks_are() -> None:
    found = told(offline(with_schedule("cron(0   10 ? *  1-5 *)")))
    assert found == [
        ("schedule-doubtful", "warning", 4, 23),
        ("schedule-weekdays", "warning", 4, KEY + len("cron(0   10 ? *  ") + 1),
    ]


def test_whether_a_schedule_is_over_depends_on_the_time() -> None:
    text = with_schedule("cron(0 3 1 1 ? 2026)")
    assert told(offline(text, now=datetime(2026, 1, 1, 2, 59, tzinfo=UTC))) == []
    assert told(offline(text, now=datetime(2026, 1, 1, 3, 1, tzinfo=UTC))) == [("schedule-over", "warning", 4, 23)]


SECOND = "- name: copy\n  scheduleExpression: rate(1 day)\n  taskDefinition: reports\n"


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ([], "", [("same-job-twice", "warning", 6, 9)]),
        ([], "  description: another\n", [("same-job-twice", "warning", 6, 9)]),
        ([], "  disabled: true\n", []),
        ([], "  containerOverrides: [{name: app, command: [other]}]\n", []),
        (["containerOverrides: [{name: app, command: [a]}]"], "  containerOverrides: [{name: app, command: [a]}]\n",
         [("same-job-twice", "warning", 7, 9)]),
        ([], "  taskOverride: {cpu: 256}\n", []),
        (["containerOverrides: [{name: \"{{ must_env('GONE') }}\"}]"],
         "  containerOverrides: [{name: \"{{ must_env('GONE') }}\"}]\n", []),
    ],
)  # fmt: skip
def test_two_rules_that_are_the_same_job(first: list[str], second: str, found: list[Told]) -> None:
    assert told(offline(a_config(*first) + SECOND + second)) == found


def test_the_same_job_names_the_first() -> None:
    (finding,) = offline(a_config() + SECOND)
    assert finding.rule == "copy"
    assert said([finding]) == [
        "the rule `copy` starts the same task with the same overrides at the same times as `report` "
        "(ecschedule.yaml:3:9) (remove one, or change what it runs)"
    ]


def test_another_time_is_another_job() -> None:
    assert offline(a_config() + SECOND.replace("1 day", "2 days")) == []
