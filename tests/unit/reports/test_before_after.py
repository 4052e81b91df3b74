"""What a plan does to time, for the comment: runs before and after, the next runs, and the collisions that are new."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.unit.builders import a_plan, a_rule, live

from esprestack.plan.ignored import ignored, without_ignored
from esprestack.plan.model import Action, Change, Plan
from esprestack.reports.before_after import moves, new_collisions, often, then
from esprestack.reports.fitting import CLOSING
from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown
from esprestack.reports.when import Reader
from esprestack.rule import Home, Rule, Timing
from esprestack.secrets import Vault

MONDAY = datetime(2026, 11, 23, 19, tzinfo=UTC)
TOKYO = Reader(MONDAY, ZoneInfo("Asia/Tokyo"), "Asia/Tokyo")
NIGHTLY = "cron(15 18 ? * MON-FRI *)"


def at(expression: str, name: str = "a", **members: Any) -> Rule:
    return a_rule(name, schedule_expression=expression, **members)


def a_change(before: Rule | None, after: Rule | None) -> Change:
    plan = a_plan([after] if after else [], [live(before)] if before else [], prune=True)
    (change,) = plan.changes
    return change


def lines(*plans: Plan, reader: Reader = TOKYO) -> list[str]:
    return list(new_collisions(plans, reader))


# -- how often -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (at("rate(1 hour)"), at("rate(15 minutes)"), "24 → 96 runs a day"),
        (at("cron(0 9 * * ? *)"), at(NIGHTLY), "7 → 5 runs a week"),
        (at("cron(0 9 * * ? *)"), at("cron(0 10 * * ? *)"), "1 run a day, as before"),
        (at("cron(0 9 ? * MON *)"), at("cron(0 9 ? * TUE *)"), "1 run a week, as before"),
        (at("cron(0/5 9 ? * MON-FRI *)"), at("cron(0/5 9 * * ? *)"), "8.6 → 12 runs a day"),
        (None, at("cron(* * * * ? *)"), "0 → 1,440 runs a day"),
        (None, at(NIGHTLY), "0 → 5 runs a week"),
        (at(NIGHTLY), None, "5 → 0 runs a week"),
        (at(NIGHTLY, enabled=False), at(NIGHTLY), "0 → 5 runs a week"),
        (at("rate(1 day)"), at("rate(1 day)", enabled=False), "1 → 0 runs a day"),
        (at("cron(0 15 1 * ? *)"), at("cron(0 15 * * ? *)"), "less than 1 → 7 runs a week"),
        (at("rate(30 days)"), at("rate(1 hour)"), "0.2 → 168 runs a week"),
        (at("cron(0 15 1 * ? *)"), at("cron(0 15 2 * ? *)"), ""),
        (at(NIGHTLY), at(NIGHTLY, description="new"), ""),
        (at(NIGHTLY, enabled=False), at("rate(1 day)", enabled=False), ""),
    ],
)  # fmt: skip
def test_how_often_a_rule_runs_before_and_after(before: Rule | None, after: Rule | None, said: str) -> None:
    assert often(a_change(before, after), TOKYO) == said
    assert often(a_change(before, after), Reader()) == ""


def test_dates_and_windows_of_a_schedule_count() -> None:
    before = at("rate(1 hour)", home=Home.SCHEDULER)
    ends = replace(before, timing=Timing(start=MONDAY, end=datetime(2026, 11, 24, 18, 30, tzinfo=UTC)))
    assert often(a_change(None, ends), TOKYO) == "0 → 3.4 runs a day"
    assert moves(a_change(before, replace(before, timing=Timing(window=5))))


def test_a_schedule_that_cannot_be_read_is_not_counted() -> None:
    vault = Vault()
    secret = vault.seal("WHEN", "rate(5 minutes)")
    (change,) = a_plan([at(secret)], [live(at("rate(1 hour)"))], vault=vault).changes
    assert change.after is not None
    assert "(secret" in change.after["scheduleExpression"]
    assert (often(change, TOKYO), then(change, TOKYO)) == ("", "")


# -- the next runs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, at(NIGHTLY), "then Thu 2026-11-26 03:15, Fri 2026-11-27 03:15"),
        (at("cron(0 9 * * ? *)"), at("cron(0 9 ? * MON 2026)"), "then Mon 2026-12-07 18:00, Mon 2026-12-14 18:00"),
        (None, at("cron(0 9 30 11 ? 2026)"), ""),
        (None, at("rate(1 hour)"), ""),
        (None, at(NIGHTLY, enabled=False), ""),
        (at(NIGHTLY), None, ""),
        (at(NIGHTLY), at(NIGHTLY, description="new"), ""),
    ],
)
def test_the_two_runs_after_the_next_one_are_told_of_what_moves(
    before: Rule | None, after: Rule | None, said: str
) -> None:
    assert then(a_change(before, after), TOKYO) == said


# -- collisions ------------------------------------------------------------------------------------------------


def test_a_rule_that_moves_into_a_full_minute_makes_a_collision_with_unchanged_ones() -> None:
    unchanged = [at(NIGHTLY, "report"), at("cron(15 18 * * ? *)", "export")]
    found = [live(rule) for rule in [*unchanged, at("cron(0 9 * * ? *)", "digest")]]
    plan = a_plan([*unchanged, at("cron(15 18 * * ? *)", "digest")], found)
    assert [change.action for change in plan.changes] == [Action.UPDATE, Action.UNCHANGED, Action.UNCHANGED]
    assert lines(plan) == [
        "",
        "▲ **New:** 3 rules start in the same minute, at 03:15 on 5 of the next 7 days, first Wed 25 Nov 03:15 Asia/Tokyo:"
        " `digest`, `export`, `report`",
    ]


def test_a_collision_that_was_there_is_not_new_and_one_that_grows_is() -> None:
    three = [at(NIGHTLY, name) for name in ("a", "b", "c")]
    found = [live(rule) for rule in three]
    assert lines(a_plan([*three[:2], replace(three[2], description="x")], found)) == []
    assert lines(a_plan([*three, at("cron(0 9 * * ? *)", "d")], found)) == []
    (_, line) = lines(a_plan([*three, at("cron(15 18 ? * WED *)", "d")], found))
    assert line == (
        "▲ **New:** 4 rules start in the same minute, first Thu 26 Nov 03:15 Asia/Tokyo: `d`, `a`, `b`, `c`"
    )


def test_rules_that_stay_as_they_are_in_aws_count_and_those_that_go_do_not() -> None:
    gone = live(at(NIGHTLY, "gone"))
    theirs = live(at(NIGHTLY, "theirs"), tracking_id="other")
    wanted = [at(NIGHTLY, "new"), at("rate(1 day)", "theirs")]
    orphan = a_plan(wanted, [gone, theirs])
    assert {change.action for change in orphan.changes} == {Action.CREATE, Action.CONFLICT, Action.ORPHAN}
    assert lines(orphan)[1].endswith("`new`, `theirs`, `gone`")
    assert lines(a_plan(wanted, [gone, theirs], prune=True)) == []


def test_rules_of_another_cluster_do_not_collide_and_other_configs_of_the_cluster_do() -> None:
    one = a_plan([at(NIGHTLY, "a"), at(NIGHTLY, "b")], [])
    other = a_plan([at(NIGHTLY, "a")], [])
    assert lines(one, other)[1].endswith("`a`, `b`, `a`")
    assert lines(one, replace(other, scope=replace(other.scope, cluster="else"))) == []


@pytest.mark.parametrize(
    "expression", ["cron(0/5 * * * ? *)", "rate(1 hour)", "cron(15 18 ? * MON-FRI 2020)"]
)  # fmt: skip
def test_what_starts_all_the_time_at_unknown_times_or_never_does_not_collide(expression: str) -> None:
    assert lines(a_plan([at(expression, f"r{number}") for number in range(5)], [])) == []


def test_nothing_is_looked_at_where_no_rule_moves_or_nobody_reads() -> None:
    plan = a_plan([at(NIGHTLY, f"r{number}") for number in range(5)], [])
    assert lines(plan, reader=Reader()) == []
    assert lines(a_plan([at(NIGHTLY, "a")], [live(at(NIGHTLY, "a"))])) == []


def test_the_largest_is_a_line_and_the_others_are_collapsed() -> None:
    rules = [at(f"cron({minute} 18 * * ? *)", f"r{minute}-{n:02}") for minute in range(30) for n in range(3)]
    rules += [at("cron(45 18 * * ? *)", f"large-{n}") for n in range(11)]
    found = lines(a_plan(rules, []))
    assert found[1].startswith("▲ **New:** 11 rules start in the same minute, at 03:45 on 7 of the next 7 days")
    assert found[1].endswith("`large-5`, `large-6` and 3 more")
    assert found[3] == "<details><summary>▲ and 30 more groups of rules that start together</summary>"
    assert found[-3:] == ["- and 11 more", "", CLOSING]
    assert len(found) == 27


def test_a_secret_in_an_unchanged_rule_is_not_in_what_the_plan_says_of_it() -> None:
    vault = Vault()
    sealed = at(vault.seal("WHEN", NIGHTLY), "a")
    plan = a_plan([sealed], [live(at(NIGHTLY, "a"))], vault=vault)
    (change,) = plan.changes
    assert change.action is Action.UNCHANGED
    assert change.schedules[0] is not None
    assert change.schedules[0]["scheduleExpression"] == "(secret)"
    vault.know("HIDDEN", NIGHTLY)
    (known,) = a_plan([at(NIGHTLY, "a")], [live(at(NIGHTLY, "a"))], vault=vault).changes
    assert known.standing == {"scheduleExpression": "(secret)"}


def test_a_difference_that_is_ignored_leaves_the_rule_running_as_aws_has_it() -> None:
    plan = a_plan([at(NIGHTLY)], [live(at(NIGHTLY, enabled=False))])
    (change,) = without_ignored(plan, ignored(["disabled"])).changes
    assert change.action is Action.UNCHANGED
    assert change.schedules[1] is not None
    assert change.schedules[1]["disabled"] is True


# -- in the comment --------------------------------------------------------------------------------------------


def test_the_comment_has_it_all_with_collisions_before_the_tables() -> None:
    rules = [at(NIGHTLY, "report"), at(NIGHTLY, "export")]
    found = [*map(live, rules), live(at("rate(1 hour)", "digest"))]
    text = plan_markdown([a_plan([*rules, at(NIGHTLY, "digest")], found)], [], COMMENT_BYTES, "t", TOKYO)
    assert text.index("▲ **New:** 3 rules") < text.index("| | rule |")
    assert "in Asia/Tokyo at 03:15 the day after<br>24 → 0.7 runs a day" not in text
    assert "in Asia/Tokyo at 03:15 the day after<br>168 → 5 runs a week |" in text


@pytest.mark.parametrize("budget", [COMMENT_BYTES, 30_000, 5_000])
def test_a_comment_of_many_collisions_fits_and_is_whole(budget: int) -> None:
    rules = [at(f"cron({n % 20} 18 * * ? *)", f"{'long-name-' * 5}{n:03}") for n in range(300)]
    text = plan_markdown([a_plan(rules, [])], [], budget, "t", TOKYO)
    assert len(text.encode()) <= budget
    assert text.count("<details>") == text.count("</details>")
    assert "▲ **New:** 15 rules start in the same minute, at 03:00 on 7 of the next 7 days" in text
