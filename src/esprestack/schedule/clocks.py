"""The clocks of a time zone: the zone by its name, and how its offset from UTC goes between two moments."""

import functools
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from esprestack.errors import InputError, Problem

_MINUTE = timedelta(minutes=1)
_STEP = timedelta(hours=6)
"""No zone changes its offset twice within it."""


def zone(name: str) -> tzinfo:
    """The time zone of that IANA name. Raises InputError."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = Problem(f"`{name}` is no time zone", todo="IANA names, for example Asia/Tokyo")
        raise InputError(problem) from None


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `begin` until before `end`, in UTC, the clocks show UTC and `offset`."""

    begin: datetime
    end: datetime
    offset: timedelta

    @property
    def local_begin(self) -> datetime:
        """What the clocks show at `begin`, without zone."""
        return (self.begin + self.offset).replace(tzinfo=None)

    @property
    def local_end(self) -> datetime:
        """What they would show at `end`, were the offset still the same."""
        return (self.end + self.offset).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Shift:
    """The clocks are changed at `moment`, in UTC: local time from `first` until `last` is skipped or comes twice."""

    moment: datetime
    first: datetime
    last: datetime
    is_skipped: bool


@functools.lru_cache(256)
def stretches(zone: tzinfo, begin: datetime, end: datetime) -> tuple[Stretch, ...]:
    """The time from `begin` until before `end`, both whole minutes in UTC, cut where the clocks are changed."""
    found = []
    start = moment = begin
    while moment < end:
        following = min(moment + _STEP, end)
        if _offset(zone, following) != _offset(zone, moment):
            following = _changed(zone, moment, following)
            if following < end:
                found.append(Stretch(start, following, _offset(zone, start)))
                start = following
        moment = following
    return (*found, Stretch(start, end, _offset(zone, start)))


def shifts(zone: tzinfo, begin: datetime, end: datetime) -> list[Shift]:
    """Where the clocks are changed between `begin` and `end`, both whole minutes in UTC."""
    found = []
    for before, after in itertools.pairwise(stretches(zone, begin, end)):
        first, last = sorted((before.local_end, after.local_begin))
        found.append(Shift(after.begin, first, last, is_skipped=after.offset > before.offset))
    return found


def _changed(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first minute in which the clocks show another offset than at `before`; at `after` they do."""
    old = _offset(zone, before)
    while after - before > _MINUTE:
        middle = before + (after - before) // _MINUTE // 2 * _MINUTE
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    """In whole minutes: some zones had seconds, the last of them until 1972."""
    return (moment.astimezone(zone).utcoffset() or timedelta()) // _MINUTE * _MINUTE
