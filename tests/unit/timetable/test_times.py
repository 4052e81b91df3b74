"""When a rule runs: its expression, within its dates, and not while it is disabled."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.builders import a_rule
from tests.unit.strategies import QUICK, whole_minutes

from esprestack.config.words import to_words
from esprestack.errors import InputError
from esprestack.rule import Home, Rule, Timing
from esprestack.schedule import ScheduleError
from esprestack.schedule.minutes import MINUTE, Span, members
from esprestack.timetable.times import Times, times_in, times_of

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = Span(MONDAY, 7 * 1440)
WEEKDAYS = "cron(15 18 ? * MON-FRI *)"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_schedule(expression: str, *, enabled: bool = True, **timing: Any) -> Rule:
    """On EventBridge Scheduler."""
    return a_rule(
        schedule_expression=expression, enabled=enabled, home=Home.SCHEDULER, timing=Timing(**timing)
    )  # fmt: skip


def runs(times: Times, count: int = 10, now: datetime = MONDAY) -> list[str]:
    return [f"{run:%d %H:%M:%S}".removesuffix(":00") for run in islice(times.runs(now), count)]


def test_a_rule_runs_in_utc_and_a_schedule_in_its_time_zone() -> None:
    assert runs(times_of(a_rule(schedule_expression=WEEKDAYS)), 2) == ["23 18:15", "24 18:15"]
    assert runs(times_of(a_schedule(WEEKDAYS, timezone="Asia/Tokyo")), 2) == ["23 09:15", "24 09:15"]
    assert runs(times_of(a_schedule("at(2026-11-24T09:00:30)", timezone="Asia/Tokyo"))) == ["24 00:00:30"]


def test_a_disabled_rule_has_no_runs() -> None:
    disabled = times_of(a_rule(schedule_expression=WEEKDAYS, enabled=False))
    assert runs(disabled) == []
    assert disabled.minutes(WEEK) == 0
    rate = times_of(a_rule(schedule_expression="rate(1 hour)", enabled=False))
    assert rate.count(WEEK) == 0


def test_no_run_is_before_the_start_or_after_the_end_and_both_count() -> None:
    bounded = a_schedule("cron(0 9 * * ? *)", start=utc("2026-11-24T09:00"), end=utc("2026-11-26T09:00"))
    assert runs(times_of(bounded)) == ["24 09:00", "25 09:00", "26 09:00"]
    within = a_schedule("cron(0 9 * * ? *)", start=utc("2026-11-24T09:00:01"), end=utc("2026-11-26T08:59:59"))
    assert runs(times_of(within)) == ["25 09:00"]


def test_a_rate_counts_from_its_start_to_its_end() -> None:
    rate = times_of(a_schedule("rate(20 hours)", start=utc("2026-11-22T10:00:30"), end=utc("2026-11-25T10:00:00")))
    assert runs(rate) == ["23 06:00:30", "24 02:00:30", "24 22:00:30"]
    assert rate.every is None
    assert rate.count(WEEK) == 3
    one_second_more = times_of(
        a_schedule("rate(20 hours)", start=utc("2026-11-22T10:00:30"), end=utc("2026-11-25T18:00:30"))
    )
    assert runs(one_second_more)[-1] == "25 18:00:30"
    assert one_second_more.count(WEEK) == 4


@pytest.mark.parametrize("rule", [a_rule(schedule_expression="rate(6 hours)"), a_schedule("rate(6 hours)")])
def test_of_a_rate_without_a_start_the_number_of_runs_is_known_and_no_moment(rule: Rule) -> None:
    rate = times_of(rule)
    assert rate.every == timedelta(hours=6)
    assert runs(rate) == []
    assert rate.minutes(WEEK) == 0
    assert rate.count(WEEK) == 28
    assert not rate.is_exact


def test_the_dates_of_a_schedule_do_not_hold_for_a_moment() -> None:
    once = times_of(a_schedule("at(2026-11-24T09:00:00)", start=utc("2026-12-01"), end=utc("2026-11-01")))
    assert runs(once) == ["24 09:00"]
    assert once.count(WEEK) == 1


def test_a_window_leaves_the_minute_open() -> None:
    assert not times_of(a_schedule(WEEKDAYS, window=15)).is_exact
    assert times_of(a_schedule(WEEKDAYS)).is_exact


@pytest.mark.parametrize(
    ("expression", "frequent"),
    [
        ("cron(0/5 * * * ? *)", True),
        ("cron(* 9 * * ? *)", True),
        ("cron(0/6 * * * ? *)", False),
        ("cron(0,1,2 3 * * ? *)", False),
        ("rate(5 minutes)", True),
        ("rate(6 minutes)", False),
        ("rate(1 hour)", False),
        ("at(2026-11-24T09:00:00)", False),
    ],
)
def test_twelve_starts_an_hour_are_frequent(expression: str, frequent: bool) -> None:
    assert times_of(a_schedule(expression)).is_frequent is frequent


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ScheduleError, match="cron has six fields"):
        times_of(a_rule(schedule_expression="cron(0 3 * * ?)"))
    with pytest.raises(ScheduleError, match="exists on EventBridge Scheduler only"):
        times_of(a_rule(schedule_expression="at(2026-11-24T09:00:00)"))
    with pytest.raises(InputError, match="is no time zone"):
        times_of(a_schedule(WEEKDAYS, timezone="Asia/Tokio"))


@pytest.mark.parametrize(
    "rule",
    [
        a_rule(schedule_expression=WEEKDAYS),
        a_rule(schedule_expression=WEEKDAYS, enabled=False),
        a_schedule(WEEKDAYS, timezone="Europe/Berlin", window=30),
        a_schedule("rate(1 hours)", start=utc("2026-11-22T10:00:30"), end=utc("2026-12-22T10:00:30")),
        a_schedule("at(2026-11-24T09:00:00)"),
    ],
)
def test_the_words_of_a_rule_say_the_same_as_the_rule(rule: Rule) -> None:
    assert times_in(to_words(rule)) == times_of(rule)


@pytest.mark.parametrize(
    "words",
    [
        None,
        {},
        {"name": "a"},
        {"scheduleExpression": "(secret)"},
        {"scheduleExpression": WEEKDAYS, "backend": "scheduler", "timezone": "(secret)"},
        {"scheduleExpression": WEEKDAYS, "backend": "(secret)"},
        {"scheduleExpression": WEEKDAYS, "backend": "scheduler", "startDate": "(secret)"},
    ],
)
def test_words_that_say_nothing_have_no_times(words: dict[str, object] | None) -> None:
    assert times_in(words) is None


AROUND = st.builds(
    lambda moment, seconds: moment.replace(second=seconds),
    whole_minutes("2026-11-20", "2026-11-30"),
    st.integers(0, 59),
)


@QUICK
@given(
    st.sampled_from([WEEKDAYS, "cron(0/20 * * * ? *)", "rate(50 minutes)", "rate(1 days)", "at(2026-11-25T12:00:10)"]),
    st.sampled_from(["", "Asia/Kolkata", "America/Los_Angeles"]),
    st.none() | AROUND,
    st.none() | AROUND,
    st.booleans(),
)
def test_the_minutes_are_those_of_the_runs(
    expression: str, timezone: str, start: datetime | None, end: datetime | None, enabled: bool
) -> None:
    times = times_of(a_schedule(expression, timezone=timezone, start=start, end=end, enabled=enabled))
    one_by_one = takewhile(lambda run: run < WEEK.end, times.runs(MONDAY - timedelta(microseconds=1)))
    assert list(members(times.minutes(WEEK))) == [WEEK.number(run) for run in one_by_one]
    if times.every is None:
        assert times.count(WEEK) == times.minutes(WEEK).bit_count()


def test_runs_come_one_after_the_other_and_are_not_made_before_they_are_asked_for() -> None:
    every_minute = times_of(a_schedule("cron(* * * * ? *)", timezone="Asia/Tokyo", start=utc("2026-11-24")))
    first = next(every_minute.runs(MONDAY))
    assert first == utc("2026-11-24")
    assert next(every_minute.runs(first)) == first + MINUTE
    assert ZoneInfo("Asia/Tokyo") == every_minute.zone
