"""The coming runs of an expression, as text and as JSON."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.strategies import QUICK

from esprestack.errors import InputError
from esprestack.reports.runs import ComingRuns, coming, runs_json, runs_text

LOS_ANGELES = "America/Los_Angeles"
NEW_YEAR = "2026-01-01T00:00:00Z"


def runs_of(expression: str, timezone: str = "UTC", start: str = NEW_YEAR, count: int = 3) -> ComingRuns:
    """The runs on EventBridge Scheduler, which knows every kind of expression and every zone."""
    return coming(expression, "scheduler", timezone, start, count)


def lines_of(expression: str, timezone: str = "UTC", start: str = NEW_YEAR, count: int = 3) -> list[str]:
    """The lines of the text, without the one that explains."""
    return runs_text(runs_of(expression, timezone, start, count)).splitlines()[1:]


def test_the_text_explains_and_then_lists() -> None:
    assert runs_text(runs_of("cron(0 9 L * ? *)")) == (
        "cron(0 9 L * ? *): at 09:00 UTC on the last day of the month\n"
        "Sat 2026-01-31 09:00 UTC\n"
        "Sat 2026-02-28 09:00 UTC\n"
        "Tue 2026-03-31 09:00 UTC\n"
    )


def test_the_json_is_one_object_with_times_in_utc() -> None:
    assert runs_json(runs_of("cron(0 9 L * ? *)", "Asia/Tokyo", count=2)) == (
        "{\n"
        '  "expression": "cron(0 9 L * ? *)",\n'
        '  "backend": "scheduler",\n'
        '  "timezone": "Asia/Tokyo",\n'
        '  "runs": [\n'
        '    "2026-01-31T00:00:00Z",\n'
        '    "2026-02-28T00:00:00Z"\n'
        "  ],\n"
        '  "explanation": "at 09:00 Asia/Tokyo on the last day of the month"\n'
        "}\n"
    )


@pytest.mark.parametrize("expression", ["cron(0 0 1 1 ? 1970)", "cron(0 0 31 2 ? *)", "at(2025-12-31T23:59:59)"])
def test_without_runs_the_text_says_so_and_the_json_has_an_empty_list(expression: str) -> None:
    assert lines_of(expression) == ["it never runs again"]
    assert json.loads(runs_json(runs_of(expression)))["runs"] == []


def test_what_runs_fewer_times_than_asked_for_shows_those() -> None:
    assert lines_of("cron(0 0 1 1 ? 2027-2028)") == ["Fri 2027-01-01 00:00 UTC", "Sat 2028-01-01 00:00 UTC"]


def test_seconds_are_shown_where_there_are_some() -> None:
    assert lines_of("at(2026-07-01T09:00:30)") == ["Wed 2026-07-01 09:00:30 UTC"]
    assert lines_of("at(2026-07-01T09:00:30)", "Asia/Tokyo") == [
        "Wed 2026-07-01 00:00:30 UTC  Wed 2026-07-01 09:00:30 JST"
    ]
    assert lines_of("rate(1 hour)", start="2026-01-01T00:00:07Z", count=1) == ["Thu 2026-01-01 01:00:07 UTC"]


# -- clocks that change ----------------------------------------------------------------------------------------


def test_a_local_time_that_is_skipped_in_spring_has_no_run() -> None:
    assert lines_of("cron(30 2 * * ? *)", LOS_ANGELES, "2026-03-07T00:00:00Z") == [
        "Sat 2026-03-07 10:30 UTC  Sat 2026-03-07 02:30 PST",
        "Mon 2026-03-09 09:30 UTC  Mon 2026-03-09 02:30 PDT",
        "Tue 2026-03-10 09:30 UTC  Tue 2026-03-10 02:30 PDT",
    ]


def test_a_local_time_that_comes_twice_in_autumn_runs_once() -> None:
    assert lines_of("cron(30 1 * * ? *)", LOS_ANGELES, "2026-10-31T00:00:00Z") == [
        "Sat 2026-10-31 08:30 UTC  Sat 2026-10-31 01:30 PDT",
        "Sun 2026-11-01 08:30 UTC  Sun 2026-11-01 01:30 PDT",
        "Mon 2026-11-02 09:30 UTC  Mon 2026-11-02 01:30 PST",
    ]


def test_a_rate_goes_on_over_the_change() -> None:
    assert lines_of("rate(12 hours)", LOS_ANGELES, "2026-03-07T20:00:00Z", count=2) == [
        "Sun 2026-03-08 08:00 UTC  Sun 2026-03-08 00:00 PST",
        "Sun 2026-03-08 20:00 UTC  Sun 2026-03-08 13:00 PDT",
    ]


# -- any expression, zone and start ----------------------------------------------------------------------------


@QUICK
@given(
    st.sampled_from(["rate(1 minute)", "rate(999999999 days)", "cron(0 0 1 1 ? *)", "cron(* * 29 2 ? *)"])
    | st.datetimes().map(lambda moment: f"at({moment.isoformat(timespec='seconds')})")
    | st.integers(1, 4_000_000).map("rate({} days)".format),
    st.sampled_from(["UTC", "Asia/Tokyo", LOS_ANGELES, "Pacific/Kiritimati", "Etc/GMT+12"]),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["", "Z", "+14:00", "-12:00"]),
)
@example("rate(1 minute)", LOS_ANGELES, "0001-01-01T00:00:00", "Z")
@example("rate(1 minute)", "UTC", "0001-01-01T00:00:00", "+14:00")
@example("rate(2912507 days)", "Asia/Tokyo", "2026-01-01T20:00:00", "Z")
@example("cron(0 0 1 1 ? *)", "Asia/Tokyo", "2199-12-31T23:59:59", "-12:00")
@example("at(0001-01-01T00:00:00)", "Asia/Tokyo", NEW_YEAR[:-1], "Z")
def test_both_ends_of_the_calendar_are_shown_or_refused(expression: str, zone: str, start: str, offset: str) -> None:
    try:
        found = runs_of(expression, zone, start + offset, count=1)
    except InputError:
        assert not 1970 <= int(start[:4]) <= 2199
        return
    assert len(runs_text(found).splitlines()) == 2
    runs = json.loads(runs_json(found))["runs"]
    assert [len(run) for run in runs] == [len(NEW_YEAR)] * len(found.runs)


def test_years_of_any_length_have_four_digits() -> None:
    assert runs_of("at(0099-01-01T00:00:00)").explanation == "once, at 0099-01-01 00:00 UTC"
    assert runs_of("at(0099-01-01T00:00:05)").explanation == "once, at 0099-01-01 00:00:05 UTC"
