"""The runs of a schedule as a set of minutes: the same as one by one, and the same as plain counting finds."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.schedule import naive
from tests.unit.schedule.test_runs import NIGHTS, SOME_YEARS, crons, field
from tests.unit.strategies import whole_minutes

from esprestack.schedule import Dialect, parse
from esprestack.schedule.minutes import MINUTE, Span, members, minutes_of

WEEK = 7 * 1440
TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")


def span(begin: str, length: int = WEEK) -> Span:
    return Span(datetime.fromisoformat(begin).replace(tzinfo=UTC), length)


def found(expression: str, within: Span, zone: str = "UTC", anchor: str = "") -> list[str]:
    counts_from = datetime.fromisoformat(anchor).replace(tzinfo=UTC) if anchor else None
    minutes = minutes_of(parse(expression, Dialect.SCHEDULER), within, ZoneInfo(zone), counts_from)
    return [f"{within.moment(minute):%d %H:%M}" for minute in members(minutes)]


def test_the_minutes_of_a_week() -> None:
    assert found("cron(15 18 ? * MON-FRI *)", span("2026-11-23")) == [
        "23 18:15", "24 18:15", "25 18:15", "26 18:15", "27 18:15",
    ]  # fmt: skip
    assert found("cron(15 3 ? * SUN *)", span("2026-11-23"), "Asia/Tokyo") == ["28 18:15"]
    assert len(found("cron(* * * * ? *)", span("2026-11-23"))) == WEEK


def test_a_span_begins_and_ends_within_an_hour() -> None:
    within = span("2026-11-23T10:07", 20)
    assert found("cron(0/10 * * * ? *)", within) == ["23 10:10", "23 10:20"]
    assert found("cron(7,26,27 * * * ? *)", within) == ["23 10:07", "23 10:26"]


def test_a_rate_is_counted_from_its_anchor_and_without_one_nowhere() -> None:
    assert found("rate(7 hours)", span("2026-11-23", 1440), anchor="2026-11-20T01:30:20") == [
        "23 06:30", "23 13:30", "23 20:30",
    ]  # fmt: skip
    assert found("rate(7 hours)", span("2026-11-23", 1440), anchor="2026-11-23T23:00") == ["23 23:00"]
    assert found("rate(7 hours)", span("2026-11-23"), anchor="2026-12-24T00:00") == []
    assert found("rate(7 hours)", span("2026-11-23")) == []


@pytest.mark.parametrize("seconds", [0, 20])
def test_a_rate_of_a_minute_fills_the_span(seconds: int) -> None:
    anchor = f"2026-11-01T00:00:{seconds:02}"
    assert len(found("rate(1 minute)", span("2026-11-23", 1441), anchor=anchor)) == 1441


def test_a_moment_is_in_its_minute() -> None:
    assert found("at(2026-11-24T09:00:59)", span("2026-11-23"), "Asia/Tokyo") == ["24 00:00"]
    assert found("at(2026-11-22T23:59:59)", span("2026-11-23")) == []
    assert found("at(2026-11-30T00:00:00)", span("2026-11-23")) == []


@pytest.mark.parametrize(
    ("expression", "zone", "begin", "runs"),
    [
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28", ["28 01:30", "30 00:30"]),  # skipped on the 29th
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24", ["24 00:30", "25 00:30", "26 01:30"]),  # once on the 25th
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25T01:00", ["26 01:30", "27 01:30", "28 01:30"]),  # it was
        ("cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-04T12:00", ["04 14:45", "05 15:15", "06 15:15"]),
        ("cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-02T12:00", ["02 15:45", "04 15:15", "05 15:15"]),
        ("cron(0 12 * * ? *)", "Pacific/Apia", "2011-12-28T12:00", ["28 22:00", "29 22:00", "30 22:00"]),  # no 30th
    ],
)  # fmt: skip
def test_nights_in_which_the_clocks_change(expression: str, zone: str, begin: str, runs: list[str]) -> None:
    assert found(expression, span(begin, 4 * 1440), zone)[: len(runs)] == runs


@settings(max_examples=60)
@given(
    crons(SOME_YEARS) | st.builds("cron({} {} * * ? *)".format, field(0, 59), field(0, 23)),
    whole_minutes("2024-01-01", "2030-01-01"),
    st.integers(1, WEEK),
    st.sampled_from(["UTC", "Asia/Kolkata", *NIGHTS]),
)
def test_the_set_has_the_runs_that_are_found_one_by_one(
    expression: str, begin: datetime, length: int, zone: str
) -> None:
    within = Span(begin, length)
    schedule = parse(expression)
    runs = takewhile(lambda run: run < within.end, schedule.runs(within.begin - MINUTE, ZoneInfo(zone)))
    assert list(members(minutes_of(schedule, within, ZoneInfo(zone)))) == [within.number(run) for run in runs]


@settings(max_examples=40)
@given(
    st.sampled_from([(zone, night) for zone, nights in NIGHTS.items() for night in nights]),
    st.builds("cron({} {} * * ? *)".format, field(0, 59), st.sampled_from(["*", "0-3", "1", "2", "23-2", "0/2"])),
    st.integers(-300, 60),
)
def test_in_such_a_night_it_is_what_counting_minute_by_minute_finds(
    night: tuple[str, str], expression: str, minutes: int
) -> None:
    """Every local minute that exists runs once, when the clocks show it for the first time."""
    zone, change = night
    within = Span(datetime.fromisoformat(change) + minutes * MINUTE, 480)
    shown: set[datetime] = set()
    expected = []
    for minute in range(-480, within.length):
        local = within.moment(minute).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if local not in shown and minute >= 0 and naive.means(expression, local):
            expected.append(minute)
        shown.add(local)
    assert list(members(minutes_of(parse(expression), within, ZoneInfo(zone)))) == expected


def test_a_set_within_a_span_is_cut_at_its_ends() -> None:
    within = span("2026-11-23", 10)
    begin = within.begin
    assert list(members(within.between(begin - timedelta(days=1), begin + 2 * MINUTE))) == [0, 1]
    assert list(members(within.between(begin + 8 * MINUTE, begin + timedelta(days=1)))) == [8, 9]
    assert within.between(begin + 3 * MINUTE, begin + MINUTE) == 0
    assert within.end == begin + 10 * MINUTE
