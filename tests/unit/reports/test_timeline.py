"""The picture of the next day: what will run anew, what no more, and nothing that isn't a moment."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.unit.builders import SCOPE, a_plan, a_rule, live
from tests.unit.reports.hostile import TEXTS

from esprestack.plan.model import Action, Change, Plan
from esprestack.reports.timeline import timeline
from esprestack.reports.when import Reader

NOW = datetime(2026, 11, 23, 19, tzinfo=UTC)
TOKYO = Reader(NOW, ZoneInfo("Asia/Tokyo"), "Asia/Tokyo")
DAILY, LATER = "cron(15 18 * * ? *)", "cron(45 20 * * ? *)"


def test_runs_that_come_and_runs_that_go_are_marked() -> None:
    plan = a_plan([a_rule("nightly", schedule_expression=LATER)], [live(a_rule("nightly", schedule_expression=DAILY))])
    assert timeline([plan], TOKYO) == [
        "",
        "<details><summary>The next 24 hours, Asia/Tokyo</summary>",
        "",
        "```mermaid",
        "gantt",
        "  dateFormat YYYY-MM-DDTHH:mm",
        "  axisFormat %H:%M",
        "  section nightly",
        "  05.45 new :crit, milestone, 2026-11-24T05:45, 0m",
        "  03.15 no more :done, milestone, 2026-11-25T03:15, 0m",
        "```",
        "",
        "</details>",
    ]


def test_a_rule_that_is_disabled_or_deleted_runs_no_more() -> None:
    plan = a_plan(
        [a_rule("a", schedule_expression=DAILY, enabled=False)],
        [live(a_rule("a", schedule_expression=DAILY)), live(a_rule("b", schedule_expression=DAILY))],
        prune=True,
    )
    assert [line for line in timeline([plan], TOKYO) if "milestone" in line] == [
        "  03.15 no more :done, milestone, 2026-11-25T03:15, 0m"
    ] * 2


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ([a_rule("a", schedule_expression="rate(1 hour)")], "a rate's moments aren't known"),
        ([a_rule("a", schedule_expression="cron(* * * * ? *)")], "it runs all the time"),
        ([a_rule("a", schedule_expression="cron(0 3 1 1 ? *)")], "it doesn't run that day"),
        ([a_rule(f"r{at}", schedule_expression=DAILY) for at in range(21)], "that would be no picture"),
        ([], "nothing changes"),
    ],
)
def test_there_is_no_picture_where_it_would_not_help(rules: list[object], why: str) -> None:
    assert timeline([a_plan(rules, [])], TOKYO) == [], why  # type: ignore[arg-type]


def test_a_change_of_something_else_moves_nothing() -> None:
    plan = a_plan(
        [a_rule("a", schedule_expression=DAILY, task_count=2)], [live(a_rule("a", schedule_expression=DAILY))]
    )
    assert timeline([plan], TOKYO) == []


@pytest.mark.parametrize("text", TEXTS)
def test_no_name_means_anything_to_mermaid(text: str) -> None:
    change = Change(text, Action.CREATE, after={"name": text, "scheduleExpression": DAILY})
    lines = timeline([Plan("x", SCOPE, (change,))], TOKYO)
    (section,) = [line for line in lines if line.startswith("  section ")]
    assert not set(section.removeprefix("  section ")) & set(":;#%\"'`{}[]<>\n\r\\|")
    assert len(lines) == 12
