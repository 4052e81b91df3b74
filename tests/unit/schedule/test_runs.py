"""When a schedule runs: against plain counting, against a second implementation, and in nights of changing clocks."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from aws_croniter import AwsCroniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from esprestack.schedule import At, Cron, Dialect, Rate, parse

MINUTE = timedelta(minutes=1)


def field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    step = st.integers(1, max((most - least) // 2, 1))
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    item = st.one_of(
        number.map(str),
        span,
        st.tuples(number, step).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        st.tuples(span, step).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


DAYS_OF_MONTH = st.one_of(field(1, 31), st.just("L"), st.integers(1, 28).map(lambda day: f"{day}W"))
DAYS_OF_WEEK = st.one_of(
    st.just("*"),
    st.lists(st.integers(1, 7), min_size=1, max_size=3).map(lambda days: ",".join(map(str, days))),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
    st.integers(1, 7).map(lambda day: f"{day}L"),
)
BOTH_DAYS = st.one_of(DAYS_OF_MONTH.map(lambda days: (days, "?")), DAYS_OF_WEEK.map(lambda days: ("?", days)))
CRONS = st.builds(
    lambda minutes, hours, days, months: f"cron({minutes} {hours} {days[0]} {months} {days[1]} *)",
    field(0, 59), field(0, 23), BOTH_DAYS, field(1, 12),
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@settings(max_examples=60)
@given(CRONS, MOMENTS)
def test_runs_are_those_of_a_second_implementation(expression: str, now: datetime) -> None:
    assume("#5" not in expression)  # the other one gives up after ten months without a fifth such day
    now = now.replace(second=0, microsecond=0)
    theirs = AwsCroniter(expression[5:-1]).get_next(now, n=3)
    ours = list(islice(parse(expression).runs(now), 3))
    assert ours[: len(theirs)] == [run for run in theirs if run]


@settings(max_examples=25)
@given(CRONS, MOMENTS)
def test_no_minute_is_missed_and_none_is_made_up(expression: str, now: datetime) -> None:
    """Plain counting, minute by minute over a day that has a run (or is just the next one)."""
    schedule = parse(expression)
    assert isinstance(schedule, Cron)
    first = schedule.next_after(now)
    if first is None:
        return
    start = first - timedelta(hours=6)
    minutes = [start.replace(second=0) + number * MINUTE for number in range(24 * 60)]
    expected = [minute for minute in minutes if minute > start and matches(schedule, minute)]
    found = []
    for run in schedule.runs(start):
        if run > minutes[-1]:
            break
        found.append(run)
    assert found == expected


def matches(cron: Cron, moment: datetime) -> bool:
    """The fields taken one by one, without any search."""
    return (
        moment.minute in cron.minutes
        and moment.hour in cron.hours
        and moment.month in cron.months
        and moment.year in cron.years
        and moment.day in cron.days(moment.year, moment.month)
    )


@given(CRONS, MOMENTS, st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Tokyo"]))
@settings(max_examples=60)
def test_in_a_time_zone_local_times_are_the_fields_and_run_once(expression: str, now: datetime, name: str) -> None:
    schedule, zone = parse(expression), ZoneInfo(name)
    assert isinstance(schedule, Cron)
    runs = list(islice(schedule.runs(now, zone), 6))
    assert all(matches(schedule, run.astimezone(zone)) for run in runs)
    assert all(earlier < later for earlier, later in pairwise([now, *runs]))
    local = [run.astimezone(zone).replace(tzinfo=None) for run in runs]
    assert len(set(local)) == len(local)


@pytest.mark.parametrize(
    ("expression", "zone", "night", "runs"),
    [
        # Lord Howe moves by half an hour: 02:00 → 02:30 on 4 October 2026, 02:00 → 01:30 on 5 April 2026
        ("cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T00:00Z", ["2026-10-04T15:15Z"]),
        ("cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-03T16:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]),
        ("cron(0/30 * * * ? *)", "Europe/Berlin", "2026-03-29T00:00Z", ["2026-03-29T00:30Z", "2026-03-29T01:00Z"]),
        ("cron(0/30 2 * * ? *)", "Europe/Berlin", "2026-10-24T22:00Z", ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-26T01:00Z"]),
        ("cron(0 9 * * ? *)", "Asia/Tokyo", "2026-01-01T00:00Z", ["2026-01-02T00:00Z"]),
    ],
)  # fmt: skip
def test_nights_in_which_the_clocks_change(expression: str, zone: str, night: str, runs: list[str]) -> None:
    found = islice(parse(expression).runs(datetime.fromisoformat(night), ZoneInfo(zone)), len(runs))
    assert [f"{run:%Y-%m-%dT%H:%MZ}" for run in found] == runs


def test_a_run_is_strictly_after_now() -> None:
    schedule = parse("cron(0 10 * * ? *)")
    at_ten = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert schedule.next_after(at_ten) == at_ten + timedelta(days=1)
    assert schedule.next_after(at_ten - timedelta(microseconds=1)) == at_ten


@pytest.mark.parametrize("expression", ["cron(0 0 31 2 ? *)", "cron(0 0 30 FEB ? *)", "cron(0 0 1 1 ? 2020)"])
def test_what_never_runs_again_has_no_next_run(expression: str) -> None:
    assert parse(expression).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_rate_counts_elapsed_time_from_its_anchor() -> None:
    schedule = parse("rate(6 hours)")
    now = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert schedule.next_after(now) == now + timedelta(hours=6)
    anchor = datetime(2025, 12, 31, 3, tzinfo=UTC)
    assert list(islice(schedule.runs(now, anchor=anchor), 2)) == [
        datetime(2026, 1, 1, 15, tzinfo=UTC),
        datetime(2026, 1, 1, 21, tzinfo=UTC),
    ]
    assert schedule.next_after(now, anchor=now + timedelta(days=2)) == now + timedelta(days=2)
    assert isinstance(schedule, Rate)


def test_a_rate_beyond_the_calendar_has_no_next_run() -> None:
    assert parse("rate(999999999 days)").next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_moment_runs_once_in_its_zone() -> None:
    schedule = parse("at(2026-11-01T09:00:00)", Dialect.SCHEDULER)
    assert isinstance(schedule, At)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(schedule.runs(now, ZoneInfo("Asia/Tokyo"))) == [datetime(2026, 11, 1, tzinfo=UTC)]
    assert schedule.next_after(datetime(2026, 11, 1, tzinfo=UTC), ZoneInfo("Asia/Tokyo")) is None
