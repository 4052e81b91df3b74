"""A week as days × hours: what starts in each hour of the reader's clocks, also in weeks in which they are changed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies import QUICK
from tests.unit.timetable.entries import an_entry

from esprestack.reports.week import Clock, Hour, Load, Piece, Week, levels, week_of
from esprestack.schedule.clocks import zone
from esprestack.schedule.minutes import members
from esprestack.timetable.collisions import Collision
from esprestack.timetable.entry import Entry
from esprestack.timetable.size import Size


def a_week(*entries: Entry, now: str = "2026-11-23T10:00", timezone: str = "UTC") -> Week:
    return week_of(entries, datetime.fromisoformat(now).replace(tzinfo=UTC), zone(timezone), timezone)


def tasks(week: Week) -> dict[str, int]:
    """The hours in which something starts: `Tue 03` → tasks."""
    return {
        f"{day.date:%a} {hour:02}": load.tasks
        for day, loads in zip(week.days, week.loads, strict=True)
        for hour, load in enumerate(loads)
        if load.tasks
    }


# -- days and hours --------------------------------------------------------------------------------------------


def test_the_week_begins_with_the_readers_day() -> None:
    week = a_week(now="2026-11-23T16:00", timezone="Asia/Tokyo")
    assert [f"{day.date:%a %d}" for day in week.days] == [
        "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28", "Sun 29", "Mon 30",
    ]  # fmt: skip
    assert week.span.begin == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert week.span.length == 7 * 1440
    assert week.days[1].hours[3] == Hour((Piece(1440 + 180, 60, 0),), Clock.USUAL)


@pytest.mark.parametrize(
    ("timezone", "now", "day", "hour", "pieces", "clock"),
    [
        ("Europe/Berlin", "2026-03-27", 2, 2, [], Clock.SKIPPED),
        ("Europe/Berlin", "2026-10-23", 2, 2, [(3000, 60, 0), (3060, 60, 0)], Clock.TWICE),
        ("Australia/Lord_Howe", "2026-10-02", 2, 2, [(3000, 30, 30)], Clock.SKIPPED),
        ("Australia/Lord_Howe", "2026-04-03", 2, 1, [(2940, 60, 0), (3000, 30, 30)], Clock.TWICE),
        ("Antarctica/Troll", "2026-10-23", 2, 1, [(2940, 60, 0), (3060, 60, 0)], Clock.TWICE),
        ("Asia/Tokyo", "2026-10-23", 2, 2, [(3000, 60, 0)], Clock.USUAL),
    ],
)
def test_hours_that_the_clocks_skip_or_show_twice(
    timezone: str, now: str, day: int, hour: int, pieces: list[tuple[int, int, int]], clock: Clock
) -> None:
    found = a_week(now=f"{now}T12:00", timezone=timezone).days[day].hours[hour]
    assert found == Hour(tuple(Piece(*piece) for piece in pieces), clock)


def test_a_day_that_the_clocks_skip_has_no_hour_and_midnight_may_not_exist() -> None:
    apia = a_week(now="2011-12-28T12:00", timezone="Pacific/Apia")
    assert [bool(hour.pieces) for hour in apia.days[2].hours] == [False] * 24
    beirut = a_week(now="2026-03-26T12:00", timezone="Asia/Beirut")
    assert [bool(hour.pieces) for hour in beirut.days[3].hours[:3]] == [False, True, True]
    on_that_day = a_week(now="2026-03-29T12:00", timezone="Asia/Beirut")
    assert on_that_day.span.begin == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert on_that_day.span.length == 7 * 1440 - 60


@QUICK
@given(
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]),
    st.dates(datetime(1975, 1, 1).date(), datetime(2090, 1, 1).date()),  # noqa: DTZ001
)
def test_every_minute_of_the_week_is_in_the_hour_that_the_clocks_show(name: str, day: object) -> None:
    week = a_week(now=f"{day}T12:00", timezone=name)
    seen = 0
    for number in week.days:
        for hour, cell in enumerate(number.hours):
            assert seen & cell.minutes == 0
            seen |= cell.minutes
            for piece in cell.pieces:
                local = week.span.moment(piece.first).astimezone(ZoneInfo(name))
                assert (local.date(), local.hour, local.minute) == (number.date, hour, piece.shown)
    assert seen == (1 << week.span.length) - 1


def test_minutes_of_an_hour_are_counted_from_its_beginning_also_the_second_time() -> None:
    twice = a_week(now="2026-10-23T12:00", timezone="Antarctica/Troll").days[2].hours[1]
    minutes = 1 << 2940 + 15 | 1 << 3060 + 15 | 1 << 3000
    assert list(members(twice.picked(minutes))) == [15, 75]


# -- what starts -----------------------------------------------------------------------------------------------


def test_an_hour_has_what_starts_in_it_in_the_readers_time() -> None:
    week = a_week(
        an_entry("report", "cron(15 18 ? * MON-FRI *)", size=Size(2, 512, 1024)),
        an_entry("export", "cron(15,45 18 ? * WED *)"),
        an_entry("off", "cron(15 18 * * ? *)", enabled=False),
        an_entry("rate", "rate(1 hour)"),
        timezone="Asia/Tokyo",
    )
    assert tasks(week) == {"Tue 03": 2, "Wed 03": 2, "Thu 03": 4, "Fri 03": 2, "Sat 03": 2}
    assert week.loads[3][3] == Load(
        runs=3, tasks=4, cpu=512, memory=1024, tasks_without_cpu=2, tasks_without_memory=2
    )  # fmt: skip
    assert [entry.name for entry in week.steady] == ["rate"]


def test_an_hour_that_comes_twice_has_the_runs_of_both_and_a_schedule_of_the_zone_runs_once() -> None:
    week = a_week(
        an_entry("in UTC", "cron(30 * * * ? *)"),
        an_entry("in Berlin", "cron(30 2 * * ? *)", timezone="Europe/Berlin"),
        now="2026-10-23T12:00",
        timezone="Europe/Berlin",
    )
    assert [tasks(week)[f"{day} 02"] for day in ("Fri", "Sat", "Sun", "Mon")] == [2, 2, 3, 2]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cron(0/20 * * * ? *)", "cron(5 2 ? * SUN *)", "cron(30 2 * * ? *)", "rate(50 minutes)"]),
            st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
            st.integers(1, 10),
            st.none() | st.integers(0, 4096),
        ),
        max_size=4,
    ),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    st.sampled_from(["2026-03-25T12:00", "2026-10-22T12:00", "2026-04-01T12:00"]),
)
def test_loads_are_those_of_counting_run_by_run(
    rules: list[tuple[str, str, int, int | None]], reader: str, now: str
) -> None:
    start = datetime(2026, 3, 1, 0, 7, tzinfo=UTC)
    entries = [
        an_entry(f"r{at}", expression, timezone=own, size=Size(count, cpu, None), start=start)
        for at, (expression, own, count, cpu) in enumerate(rules)
    ]
    week = a_week(*entries, now=now, timezone=reader)
    counted, sized, open_ = Counter[tuple[object, int]](), Counter[tuple[object, int]](), Counter[tuple[object, int]]()
    for entry in entries:
        assert entry.times
        for run in entry.times.runs(week.span.begin - timedelta(microseconds=1)):
            if run >= week.span.end:
                break
            local = run.astimezone(week.zone)
            counted[local.date(), local.hour] += entry.size.tasks
            sized[local.date(), local.hour] += entry.size.cpu or 0
            open_[local.date(), local.hour] += entry.size.tasks if entry.size.cpu is None else 0
    for day, loads in zip(week.days, week.loads, strict=True):
        for hour, load in enumerate(loads):
            where = day.date, hour
            assert (load.tasks, load.cpu, load.tasks_without_cpu) == (counted[where], sized[where], open_[where])


def test_five_thousand_rules_that_run_every_minute_are_added_up() -> None:
    week = a_week(*(an_entry(f"r{at}", "cron(* * * * ? *)", size=Size(2)) for at in range(5000)))
    assert {load.tasks for day in week.loads for load in day} == {5000 * 2 * 60}
    assert week.busiest() == (10_000, week.span.begin)
    assert week.collisions == []


def test_the_busiest_minute_is_the_first_with_the_most_tasks() -> None:
    week = a_week(
        an_entry("a", "cron(0 9 * * ? *)", size=Size(3)),
        an_entry("b", "cron(0 9 ? * WED,FRI *)", size=Size(2)),
        an_entry("c", "cron(1 9 * * ? *)", size=Size(4)),
    )
    assert week.busiest() == (5, datetime(2026, 11, 25, 9, tzinfo=UTC))
    assert a_week().busiest() is None


def test_three_rules_in_a_minute_collide_and_frequent_ones_and_windows_do_not_count() -> None:
    week = a_week(
        an_entry("a", "cron(15 18 ? * MON-FRI *)"),
        an_entry("b", "cron(15 18 * * ? *)"),
        an_entry("c", "cron(0/15 18 ? * SAT,WED *)"),
        an_entry("all the time", "cron(0/5 * * * ? *)"),
        an_entry("some time", "cron(15 18 * * ? *)", window=10),
        an_entry("off", "cron(15 18 * * ? *)", enabled=False),
    )
    (collision,) = week.collisions
    assert collision == Collision((0, 1, 2), 1 << 2 * 1440 + 18 * 60 + 15)


def test_the_clocks_of_the_reader_and_of_the_rules_are_looked_at() -> None:
    week = a_week(
        an_entry("a", timezone="America/New_York"),
        an_entry("b", timezone="Europe/Paris", enabled=False),
        now="2026-10-23T12:00",
        timezone="Europe/Berlin",
    )
    assert [name for name, _ in week.shifts()] == ["Europe/Berlin"]
    later = a_week(an_entry("a", timezone="America/New_York"), now="2026-10-29T12:00", timezone="Asia/Tokyo")
    assert [(name, f"{shift.first:%a %H:%M}", shift.is_skipped) for name, shift in later.shifts()] == [
        ("America/New_York", "Sun 01:00", False)
    ]


# -- shades ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "shades"),
    [
        ([], []),
        ([0, 0], [0, 0]),
        ([0, 7], [0, 5]),
        ([4, 4], [1, 1]),
        ([60, 60, 63], [1, 1, 5]),
        ([0, 1, 4, 9, 16, 25, 1000], [0, 1, 1, 1, 1, 1, 5]),
        ([0, 1, 4, 9, 16, 25], [0, 2, 3, 4, 5, 5]),
    ],
)
def test_shades_go_from_the_least_to_the_greatest(values: list[int], shades: list[int]) -> None:
    assert levels(values) == shades
