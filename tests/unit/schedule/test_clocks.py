"""The clocks of a zone: where they are changed, to the minute."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import QUICK, whole_minutes

from esprestack.errors import InputError
from esprestack.schedule.clocks import Stretch, shifts, stretches, zone


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "begin", "change", "before", "after"),
    [
        ("Europe/Berlin", "2026-03-26", "2026-03-29T01:00", 60, 120),
        ("Europe/Berlin", "2026-10-22", "2026-10-25T01:00", 120, 60),
        ("America/Los_Angeles", "2026-11-01", "2026-11-01T09:00", -420, -480),
        ("Australia/Lord_Howe", "2026-10-01", "2026-10-03T15:30", 630, 660),
        ("Antarctica/Troll", "2026-03-28", "2026-03-29T01:00", 0, 120),
        ("Pacific/Apia", "2011-12-28", "2011-12-30T10:00", -600, 840),
    ],
)
def test_a_week_in_which_the_clocks_are_changed_has_two_stretches(
    name: str, begin: str, change: str, before: int, after: int
) -> None:
    first, last = utc(begin), utc(begin) + timedelta(days=7)
    assert stretches(ZoneInfo(name), first, last) == (
        Stretch(first, utc(change), timedelta(minutes=before)),
        Stretch(utc(change), last, timedelta(minutes=after)),
    )


def test_a_year_has_three() -> None:
    found = stretches(ZoneInfo("Europe/Berlin"), utc("2026-01-01"), utc("2027-01-01"))
    assert [f"{stretch.begin:%m-%d %H:%M}" for stretch in found] == ["01-01 00:00", "03-29 01:00", "10-25 01:00"]


@pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", "Europe/Berlin"])
def test_a_week_without_a_change_is_one(name: str) -> None:
    first, last = utc("2026-06-01"), utc("2026-06-08")
    (only,) = stretches(zone(name), first, last)
    assert (only.begin, only.end) == (first, last)


def test_a_change_at_the_very_end_belongs_to_what_follows() -> None:
    begin, change = utc("2026-03-28T12:00"), utc("2026-03-29T01:00")
    assert len(stretches(ZoneInfo("Europe/Berlin"), begin, change)) == 1
    assert [stretch.offset for stretch in stretches(ZoneInfo("Europe/Berlin"), change, utc("2026-03-30"))] == [
        timedelta(hours=2)
    ]


@QUICK
@given(
    st.sampled_from(
        ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]
    ),
    whole_minutes("1975-01-01", "2090-01-01"),
    st.integers(1, 400),
)
def test_stretches_follow_each_other_and_say_what_the_clocks_show(name: str, begin: datetime, hours: int) -> None:
    end = begin + timedelta(hours=hours)
    found = stretches(ZoneInfo(name), begin, end)
    assert (found[0].begin, found[-1].end) == (begin, end)
    assert all(one.end == following.begin for one, following in itertools.pairwise(found))
    for stretch in found:
        for moment in (stretch.begin, stretch.end - timedelta(minutes=1)):
            assert moment.astimezone(ZoneInfo(name)).utcoffset() == stretch.offset


@pytest.mark.parametrize("name", ["Asia/Tokio", "", "Asia", "../../../etc/passwd", "+09:00"])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"is no time zone \(IANA names, for example Asia/Tokyo\)"):
        zone(name)


@pytest.mark.parametrize(
    ("name", "day", "change", "between", "skipped"),
    [
        ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00", ("03-29 02:00", "03-29 03:00"), True),
        ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T01:00", ("10-25 02:00", "10-25 03:00"), False),
        ("Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T15:00", ("04-05 01:30", "04-05 02:00"), False),
        ("Pacific/Apia", "2011-12-29T12:00", "2011-12-30T10:00", ("12-30 00:00", "12-31 00:00"), True),
    ],
)
def test_a_change_skips_local_time_or_shows_it_twice(
    name: str, day: str, change: str, between: tuple[str, str], skipped: bool
) -> None:
    (shift,) = shifts(ZoneInfo(name), utc(day), utc(day) + timedelta(days=1))
    assert shift.moment == utc(change)
    assert (f"{shift.first:%m-%d %H:%M}", f"{shift.last:%m-%d %H:%M}") == between
    assert shift.is_skipped is skipped
