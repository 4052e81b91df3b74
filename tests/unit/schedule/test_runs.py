"""When a schedule runs: against plain counting, against a second implementation, and in nights of changing clocks."""

import functools
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from aws_croniter import AwsCroniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.schedule import naive

from esprestack.schedule import At, Dialect, Rate, parse

MINUTE = timedelta(minutes=1)


def field(least: int, most: int, names: list[str] | None = None) -> st.SearchStrategy[str]:
    value = st.integers(least, most).map(str)
    named = st.one_of(value, st.sampled_from(names)) if names else value
    step = st.integers(1, max((most - least) // 2, 1)).map(str)
    span = st.builds("{}-{}".format, named, named)
    stepped = st.builds("{}/{}".format, st.one_of(st.just("*"), value, span), step)
    return st.one_of(st.just("*"), st.lists(st.one_of(named, span, stepped), min_size=1, max_size=3).map(",".join))


def days_of_month() -> st.SearchStrategy[str]:
    nearest = st.integers(1, 31).map("{}W".format)
    return st.one_of(field(1, 31), st.sampled_from(["L", "LW", "L-3", "L-30", "LW,15", "L,1W"]), nearest)


def days_of_week() -> st.SearchStrategy[str]:
    day = st.one_of(st.integers(1, 7).map(str), st.sampled_from(naive.WEEKDAYS))
    special = st.one_of(st.just("L"), st.builds("{}#{}".format, day, st.integers(1, 5)), day.map("{}L".format))
    return st.one_of(field(1, 7, naive.WEEKDAYS), special)


def crons(years: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    days = st.one_of(st.tuples(days_of_month(), st.just("?")), st.tuples(st.just("?"), days_of_week()))
    return st.builds(
        lambda minutes, hours, days, months, year: f"cron({minutes} {hours} {days[0]} {months} {days[1]} {year})",
        field(0, 59), field(0, 23), days, field(1, 12, naive.MONTHS), years,
    )  # fmt: skip


EVERY_YEAR = st.just("*")
SOME_YEARS = st.one_of(
    EVERY_YEAR, st.just("2024/3"), st.just("2025-2027"), st.integers(2024, 2031).map(str), field(1970, 2199)
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


def is_right_there(expression: str) -> bool:
    """What aws-croniter 2.1.1 neither refuses nor gets wrong nor gives up on: days that are years apart."""
    days, _, weekdays = expression.split()[2:5]
    return not ("LW" in days or "L," in days or weekdays == "L" or "#5" in weekdays or "/" in weekdays)


@settings(max_examples=60)
@given(crons(EVERY_YEAR), MOMENTS)
def test_runs_are_those_of_a_second_implementation(expression: str, now: datetime) -> None:
    assume(is_right_there(expression))
    now = now.replace(second=0, microsecond=0)
    theirs = AwsCroniter(expression[5:-1]).get_next(now, n=3)
    ours = list(islice(parse(expression).runs(now), 3))
    assert ours == [run for run in theirs if run]  # None stands for never again


@settings(max_examples=80)
@given(crons(SOME_YEARS), MOMENTS)
def test_the_next_run_is_the_first_that_plain_counting_finds(expression: str, now: datetime) -> None:
    local = now.replace(tzinfo=None)
    expected = naive.first_after(expression, local, days=400)
    found = parse(expression).next_after(now)
    if expected:
        assert found == expected.replace(tzinfo=UTC)
    elif found:
        assert found > now + timedelta(days=398)
        assert naive.means(expression, found)


@settings(max_examples=20)
@given(crons(EVERY_YEAR), MOMENTS)
def test_no_minute_of_a_day_is_missed_and_none_is_made_up(expression: str, now: datetime) -> None:
    schedule = parse(expression)
    start = (schedule.next_after(now) or now) - timedelta(hours=6)
    minutes = [start.replace(second=0) + number * MINUTE for number in range(1, 24 * 60)]
    found = list(takewhile(lambda run: run <= minutes[-1], schedule.runs(start)))
    assert found == [minute for minute in minutes if naive.means(expression, minute)]


NIGHTS = {
    "Europe/Berlin": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/Los_Angeles": ("2026-03-08T10:00Z", "2026-11-01T09:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
    "Asia/Tokyo": ("2026-06-01T15:00Z", "2026-12-31T15:00Z"),
}
"""The moments at which the clocks change; in Tokyo they never do."""


@functools.cache
def passing(zone: str, change: str) -> dict[datetime, datetime]:
    """Local minutes around `change`, and when each is there for the first time."""
    minutes = [datetime.fromisoformat(change) + number * MINUTE for number in range(-240, 360)]
    seen: dict[datetime, datetime] = {}
    for minute in minutes:
        seen.setdefault(minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0), minute)
    return seen


@given(
    st.sampled_from([(zone, night) for zone, nights in NIGHTS.items() for night in nights]),
    st.builds("cron({} {} * * ? *)".format, field(0, 59), st.sampled_from(["*", "0-3", "1", "2", "23-2", "0/2"])),
    st.integers(-180, 180),
)
@settings(max_examples=60)
def test_when_the_clocks_change_each_local_minute_that_exists_runs_once_and_early(
    night: tuple[str, str], expression: str, minutes: int
) -> None:
    zone, change = night
    start = datetime.fromisoformat(change) + minutes * MINUTE
    expected = [
        minute for local, minute in passing(zone, change).items() if minute > start and naive.means(expression, local)
    ]
    last = max(passing(zone, change).values())
    runs = parse(expression).runs(start, ZoneInfo(zone))
    assert list(takewhile(lambda run: run <= last, runs)) == expected


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


@pytest.mark.parametrize(
    "expression", ["cron(0 0 31 2 ? *)", "cron(0 0 30 FEB ? *)", "cron(0 0 30W 2 ? *)", "cron(0 0 1 1 ? 2020)"]
)
def test_what_never_runs_again_has_no_next_run(expression: str) -> None:
    assert parse(expression).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("expression", "now", "following"),
    [
        ("cron(0 0 29 2 ? *)", "2026-01-01", ["2028-02-29", "2032-02-29"]),
        ("cron(0 0 29 2 ? *)", "2096-03-01", ["2104-02-29"]),  # 2100 is no leap year
        ("cron(0 0 ? 2 7#5 *)", "2026-01-01", ["2048-02-29", "2076-02-29"]),
        ("cron(0 0 31W * ? *)", "2026-01-02", ["2026-01-30", "2026-03-31", "2026-05-29"]),
        ("cron(0 0 1W * ? *)", "2026-02-01", ["2026-02-02", "2026-03-02", "2026-04-01"]),
        ("cron(0 0 LW 2 ? *)", "2026-01-01", ["2026-02-27", "2027-02-26", "2028-02-29"]),
        ("cron(0 0 ? * FRIL *)", "2026-01-01", ["2026-01-30", "2026-02-27", "2026-03-27"]),
    ],
)
def test_days_at_the_ends_of_months_and_far_apart(expression: str, now: str, following: list[str]) -> None:
    runs = islice(parse(expression).runs(datetime.fromisoformat(now).replace(tzinfo=UTC)), len(following))
    assert [f"{run:%Y-%m-%d}" for run in runs] == following


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_the_ends_of_the_calendar_are_no_trouble(zone: str) -> None:
    first, last = datetime.min.replace(tzinfo=ZoneInfo(zone)), datetime.max.replace(tzinfo=ZoneInfo(zone))
    at = parse("at(0001-01-01T00:00:00)", Dialect.SCHEDULER)
    for other in (UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Los_Angeles")):
        daily = parse("cron(0 0 * * ? *)")
        found = daily.next_after(first, other)
        assert found is not None
        assert found.astimezone(other).replace(tzinfo=None) == datetime(1970, 1, 1)  # noqa: DTZ001
        assert daily.next_after(last, other) is None
        assert parse("rate(5 minutes)").next_after(last, other) is None
        assert at.next_after(last, other) is None


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
