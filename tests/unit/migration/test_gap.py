"""When a rule may change its home: away from its runs by a guard, and never so that two homes run at once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.migration.builders import GUARD, at, runs

from esprestack.migration.gap import HORIZON, Gap, may_begin, most_missed, next_gap, run_before
from esprestack.schedule.minutes import MINUTE

EXPRESSIONS = (
    "cron(0/15 * * * ? *)", "cron(7,9,30 */3 ? * MON-FRI *)", "cron(59 23 L * ? *)", "cron(0/20 8-17 ? * 2-6 *)",
    "cron(* 9-16 ? * MON-FRI *)", "cron(0,12 * * * ? *)",
)  # fmt: skip
MOMENTS = st.integers(0, 365 * 86_400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))


@pytest.mark.parametrize(
    ("expression", "now", "opens", "closes"),
    [
        ("cron(0 3 * * ? *)", "12:00:30", "12:00:30", "Tue 02:54:00"),
        ("cron(0 3 * * ? *)", "02:53:59", "02:53:59", "02:54:00"),
        ("cron(0 3 * * ? *)", "02:54:00", "03:06:00", "Tue 02:54:00"),
        ("cron(0 3 * * ? *)", "03:00:10", "03:06:00", "Tue 02:54:00"),
        ("cron(0/15 * * * ? *)", "10:02:00", "10:06:00", "10:09:00"),
        ("cron(0/12 * * * ? *)", "10:02:00", None, None),
        ("cron(0,13,20,30,40,50 * * * ? *)", "10:20:00", "11:06:00", "11:07:00"),
        ("cron(* * * * ? *)", "10:02:00", None, None),
        ("cron(* 9-16 ? * MON-FRI *)", "10:02:00", "17:05:00", "Tue 08:54:00"),
    ],
)
def test_a_gap_keeps_clear_of_the_run_before_and_of_the_one_after(
    expression: str, now: str, opens: str | None, closes: str | None
) -> None:
    expected = Gap(at(opens), at(closes)) if opens and closes else None
    assert next_gap(runs(expression), at(now), GUARD) == expected


def test_a_rate_is_kept_clear_of_by_the_second_in_which_it_counts() -> None:
    times = runs("rate(30 minutes)", "09:00:40")
    assert next_gap(times, at("10:00:00"), GUARD) == Gap(at("10:06:00"), at("10:24:00"))


def test_where_no_run_is_known_to_come_any_moment_will_do() -> None:
    assert next_gap(runs("cron(0 3 1 1 ? 2020)"), at("03:00:00"), GUARD) == Gap(at("03:00:00"), None)


@given(st.sampled_from(EXPRESSIONS), MOMENTS, st.integers(1, 9))
def test_in_a_gap_no_run_is_nearer_than_the_guard(expression: str, now: datetime, minutes: int) -> None:
    times, guard = runs(expression), timedelta(minutes=minutes)
    gap = next_gap(times, now, guard)
    if gap is None:
        return
    assert now <= gap.opens <= now + HORIZON
    last = (gap.closes or gap.opens + MINUTE) - timedelta(seconds=1)
    coming = next(times.runs(gap.opens - guard - MINUTE), None)
    assert coming is None or coming > last + guard
    assert next_gap(times, last, guard) == Gap(last, gap.closes)


@pytest.mark.parametrize(
    ("expression", "ended", "now", "begins"),
    [
        ("cron(0 3 * * ? *)", "03:06:00", "03:06:02", "03:06:02"),
        ("cron(0/10 * * * ? *)", "10:05:00", "10:05:02", "10:12:00"),
        ("cron(0/10 * * * ? *)", "10:04:59", "10:05:02", "10:05:02"),
        ("cron(* * * * ? *)", "10:05:00", "10:05:02", "10:12:00"),
        ("cron(* * * * ? *)", "10:05:00", "10:10:30", "10:12:00"),
        ("cron(* * * * ? *)", "10:05:00", "10:15:30", "10:15:30"),
    ],
)
def test_the_other_home_begins_when_nothing_is_left_that_this_one_may_still_start(
    expression: str, ended: str, now: str, begins: str
) -> None:
    assert may_begin(runs(expression), at(ended), at(now), GUARD) == at(begins)


@given(st.sampled_from((*EXPRESSIONS, "cron(* * * * ? *)", "cron(0/7 * * * ? *)")), MOMENTS, st.integers(0, 600))
def test_no_run_can_begin_in_both_homes(expression: str, ended: datetime, later: int) -> None:
    times, now = runs(expression), ended + timedelta(seconds=later)
    begins = may_begin(times, ended, now, GUARD)
    assert begins <= max(now, ended + GUARD + 2 * MINUTE)
    for run in times.runs(now - 2 * MINUTE):
        if run > ended + GUARD:
            break
        assert begins >= run + MINUTE


@pytest.mark.parametrize(
    ("expression", "ended", "guard", "missed"),
    [
        ("cron(0/10 * * * ? *)", "10:05:00", 5, 1),
        ("cron(* * * * ? *)", "10:05:00", 5, 14),
        ("cron(* * * * ? *)", "10:05:00", 1, 6),
        ("cron(0/7 * * * ? *)", "10:04:00", 5, 2),
        ("cron(0 3 * * ? *)", "12:00:00", 5, 0),
    ],
)
def test_how_many_runs_a_move_may_miss_is_known_beforehand(
    expression: str, ended: str, guard: int, missed: int
) -> None:
    assert most_missed(runs(expression), at(ended), timedelta(minutes=guard)) == missed


def test_the_run_before_is_told_as_far_back_as_it_is_looked_for() -> None:
    assert run_before(runs("cron(0 3 * * ? *)"), at("12:00:00")) == at("03:00:00")
    assert run_before(runs("cron(0 3 * * ? *)"), at("03:00:20")) == at("03:00:00")
    assert run_before(runs("cron(0 3 1 1 ? 2020)"), at("12:00:00")) is None
