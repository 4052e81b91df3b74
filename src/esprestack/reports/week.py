"""A week of the timetable as days × hours: what starts in each hour of the reader's clocks, and where they are changed.

In: entries; out: what `week_svg` and `week_html` draw. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from esprestack.schedule.clocks import Shift, shifts, stretches
from esprestack.schedule.minutes import MINUTE, Span
from esprestack.timetable.collisions import Collision, can_collide, colliding, collisions
from esprestack.timetable.entry import Entry
from esprestack.timetable.tally import Tally

DAYS = 7
LEVELS = 5
"""Shades of a cell in which something starts."""
_HOUR = timedelta(hours=1)


class Clock(StrEnum):
    """What the clocks do in an hour of a day."""

    USUAL = "usual"
    SKIPPED = "skipped"
    """The hour doesn't exist, or a part of it doesn't."""
    TWICE = "twice"
    """The hour, or a part of it, comes twice."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Minutes of one hour that follow each other: `first` in the week's span, `shown` on the clock (0 to 59)."""

    first: int
    length: int
    shown: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One cell: an hour of the clocks on one day."""

    pieces: tuple[Piece, ...]
    clock: Clock

    @property
    def minutes(self) -> int:
        """The set of its minutes."""
        return sum(((1 << piece.length) - 1) << piece.first for piece in self.pieces)

    def picked(self, minutes: int) -> int:
        """Those of `minutes` that are in the hour, counted from its beginning."""
        found = before = 0
        for piece in self.pieces:
            found |= (minutes >> piece.first & (1 << piece.length) - 1) << before
            before += piece.length
        return found


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What starts in some minutes: tasks, and the CPU units and MiB that are known of them."""

    runs: int
    tasks: int
    cpu: int
    memory: int
    tasks_without_cpu: int
    """Tasks whose rules leave the CPU to the task definition."""
    tasks_without_memory: int


@dataclass(slots=True)
class _Sums:
    """One tally for each number of a load."""

    runs: Tally = field(default_factory=Tally)
    tasks: Tally = field(default_factory=Tally)
    cpu: Tally = field(default_factory=Tally)
    memory: Tally = field(default_factory=Tally)
    tasks_without_cpu: Tally = field(default_factory=Tally)
    tasks_without_memory: Tally = field(default_factory=Tally)

    def add(self, entry: Entry, minutes: int) -> None:
        size = entry.size
        self.runs.add(minutes, 1)
        self.tasks.add(minutes, size.tasks)
        self.cpu.add(minutes, size.cpu or 0)
        self.memory.add(minutes, size.memory or 0)
        self.tasks_without_cpu.add(minutes, size.tasks if size.cpu is None else 0)
        self.tasks_without_memory.add(minutes, size.tasks if size.memory is None else 0)

    def load(self, minutes: int) -> Load:
        return Load(
            self.runs.total(minutes),
            self.tasks.total(minutes),
            self.cpu.total(minutes),
            self.memory.total(minutes),
            self.tasks_without_cpu.total(minutes),
            self.tasks_without_memory.total(minutes),
        )


@dataclass(frozen=True)
class Week:
    """Seven days from the reader's midnight before `now` on."""

    entries: Sequence[Entry]
    now: datetime
    zone: tzinfo
    zone_name: str
    span: Span
    days: tuple[Day, ...]

    @functools.cached_property
    def starts(self) -> list[int]:
        """For each entry the set of the minutes in which it starts."""
        return [entry.times.minutes(self.span) if entry.times else 0 for entry in self.entries]

    @functools.cached_property
    def _sums(self) -> _Sums:
        return self._summed(0)

    def _summed(self, first: int) -> _Sums:
        sums = _Sums()
        for entry, minutes in zip(self.entries[first:], self.starts[first:], strict=True):
            sums.add(entry, minutes)
        return sums

    @functools.cached_property
    def loads(self) -> list[list[Load]]:
        """For each day and hour what starts in it, without the rates of which nobody knows when they run."""
        return [[self._sums.load(hour.minutes) for hour in day.hours] for day in self.days]

    def loads_from(self, first: int) -> list[Load]:
        """Hour by hour, what of the entries from that index on starts in it."""
        sums = self._summed(first)
        return [sums.load(hour.minutes) for day in self.days for hour in day.hours]

    @functools.cached_property
    def collisions(self) -> list[Collision[int]]:
        """Rules are named by their index in `entries`."""
        starts = {
            at: minutes
            for at, (entry, minutes) in enumerate(zip(self.entries, self.starts, strict=True))
            if entry.times and can_collide(entry.times)
        }
        return collisions(starts, colliding(starts.values()))

    @property
    def steady(self) -> list[Entry]:
        """The rates that run all the time, in moments that nobody knows."""
        return [entry for entry in self.entries if entry.times and entry.times.enabled and entry.times.every]

    def busiest(self) -> tuple[int, datetime] | None:
        """The most tasks that start in one minute, and the first such minute; None where nothing starts."""
        most, minutes = self._sums.tasks.most((1 << self.span.length) - 1)
        return (most, self.span.moment((minutes & -minutes).bit_length() - 1)) if most else None

    def shifts(self) -> list[tuple[str, Shift]]:
        """Where the clocks are changed, with the zone's name: in the reader's zone, and in those of the rules."""
        zones = {self.zone_name: self.zone}
        for entry in self.entries:
            if entry.times and entry.runs_at_known_times:
                zones.setdefault(entry.times.zone_name, entry.times.zone)
        return [(name, shift) for name, zone in zones.items() for shift in shifts(zone, self.span.begin, self.span.end)]


def week_of(entries: Sequence[Entry], now: datetime, zone: tzinfo, zone_name: str) -> Week:
    """The week of `entries` that begins with the day of `now` in `zone`."""
    first = now.astimezone(zone).date()
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    begin, end = (_midnight(day, zone) for day in (first, first + timedelta(days=DAYS)))
    span = Span(begin, (end - begin) // MINUTE)
    pieces: dict[tuple[date, int], list[Piece]] = {}
    for key, piece in _pieces(span, zone):
        pieces.setdefault(key, []).append(piece)
    days = tuple(Day(day, tuple(_hour(pieces.get((day, hour), [])) for hour in range(24))) for day in dates)
    return Week(entries, now, zone, zone_name, span, days)


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Its beginning in UTC; where the clocks skip midnight, the moment in which they do."""
    local = datetime.combine(day, datetime.min.time(), zone)
    return local.astimezone(UTC).replace(second=0, microsecond=0)


def _pieces(span: Span, zone: tzinfo) -> Iterator[tuple[tuple[date, int], Piece]]:
    """The span cut into the hours of the clocks, each with its day and hour."""
    for stretch in stretches(zone, span.begin, span.end):
        local = stretch.local_begin
        while local < stretch.local_end:
            following = min(local.replace(minute=0) + _HOUR, stretch.local_end)
            first = span.number(stretch.begin + (local - stretch.local_begin))
            yield (local.date(), local.hour), Piece(first, (following - local) // MINUTE, local.minute)
            local = following


def _hour(pieces: Sequence[Piece]) -> Hour:
    length = sum(piece.length for piece in pieces)
    clock = Clock.USUAL if length == 60 else Clock.SKIPPED if length < 60 else Clock.TWICE
    return Hour(tuple(pieces), clock)


def levels(values: Sequence[int]) -> list[int]:
    """A shade for each value: 0 for nothing, 1 to LEVELS from the least to the greatest.

    Small values are kept apart more than large ones; what is there in every hour is as faint as the least.
    """
    least, most = min(values, default=0), max(values, default=0)

    def level(value: int) -> int:
        if value == 0:
            return 0
        share = (value - least) / (most - least) if most > least else 0.0
        return min(LEVELS, 1 + int(LEVELS * share**0.5))

    return [level(value) for value in values]
