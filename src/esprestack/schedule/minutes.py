"""The minutes in which a schedule runs, as a set that is one number: bit n stands for the nth minute of a span.

A rule that runs every minute has 10,080 runs a week; so held, thousands of rules are counted and compared at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from esprestack.schedule.clocks import stretches
from esprestack.schedule.cron import Cron
from esprestack.schedule.expression import At, Rate

MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_A_DAY = 1440
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Span:
    """So many minutes from `begin` on, a whole minute in UTC."""

    begin: datetime
    length: int

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.moment(self.length)

    def moment(self, minute: int) -> datetime:
        """When the minute of that number begins, in UTC."""
        return self.begin + minute * MINUTE

    def number(self, moment: datetime) -> int:
        """Of the minute that `moment` is in; below 0 or from `length` on where it is outside."""
        return (moment - self.begin) // MINUTE

    def between(self, begin: datetime, end: datetime) -> int:
        """The set of the minutes from `begin` until before `end`."""
        first, last = (min(max(self.number(moment), 0), self.length) for moment in (begin, end))
        return (1 << max(last, first)) - (1 << first)


def members(minutes: int) -> Iterator[int]:
    """The numbers of the minutes in a set, in order."""
    digits = bin(minutes)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def minutes_of(schedule: Cron | Rate | At, span: Span, zone: tzinfo, anchor: datetime | None = None) -> int:
    """The minutes of `span` in which `schedule` runs in `zone`; of a rate, those that count from `anchor`, or none."""
    match schedule:
        case Cron():
            return _of_cron(schedule, span, zone)
        case Rate():
            return _of_rate(schedule, span, anchor) if anchor else 0
        case At():
            run = schedule.next_after(span.begin - MINUTE, zone)
            return span.between(run, run + MINUTE) if run else 0


def _of_cron(cron: Cron, span: Span, zone: tzinfo) -> int:
    """As `Cron.next_after` has it: what the clocks skip is left out, what they show twice counts the first time."""
    begin = span.begin - _DAY  # what they show again at the beginning of the span counted before it
    found, shown = 0, None
    for stretch in stretches(zone, begin, span.end):
        first, last = stretch.local_begin, stretch.local_end
        fresh = first if shown is None else max(first, shown)
        if fresh < last:
            found |= _local(cron, fresh, last) << ((stretch.begin - begin + (fresh - first)) // MINUTE)
            shown = last
    return found >> _A_DAY


def _local(cron: Cron, first: datetime, last: datetime) -> int:
    """The minutes of local time in which it runs, from `first` until before `last`, which are without zone."""
    hour = sum(1 << minute for minute in cron.minutes)
    day = sum(hour << 60 * at for at in cron.hours)
    midnight = first.replace(hour=0, minute=0)
    days, found = (last - midnight) // _DAY, 0
    for month in range(midnight.year * 12 + midnight.month - 1, last.year * 12 + last.month):
        year, month = month // 12, month % 12 + 1
        if year in cron.years and month in cron.months:
            before = (midnight.replace(year=year, month=month, day=1) - midnight) // _DAY - 1
            for date in cron.days(year, month):
                if 0 <= before + date <= days:
                    found |= day << (before + date) * _A_DAY
    start = (first - midnight) // MINUTE
    return (found >> start) & ((1 << ((last - first) // MINUTE)) - 1)


def _of_rate(rate: Rate, span: Span, anchor: datetime) -> int:
    first = rate.next_after(span.begin - MINUTE, anchor=anchor)
    if first is None or not rate.value:
        return 0
    start = span.number(first)
    if start < 0:  # a start within a minute: what runs at its seconds is in the minute before
        start += rate.period // MINUTE
    found, period, runs = 1, rate.period // MINUTE, 1
    while runs * period < span.length:
        found |= found << runs * period
        runs *= 2
    return (found << start) & ((1 << span.length) - 1) if start < span.length else 0
