"""The gaps between a rule's runs: when it can change its home, and when it may begin in the other one. Pure.

In: when it runs, and the guard, which is how long AWS may take to act on a change; out: moments in UTC. Guards are
whole minutes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from esprestack.schedule.minutes import MINUTE, Span, members
from esprestack.timetable.times import Times

HORIZON = timedelta(days=35)
"""So far ahead a gap is looked for: every day of the week and of a month is within it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From `opens` until before `closes` no run is near; None: as far as one looks none comes any more."""

    opens: datetime
    closes: datetime | None = None


def next_gap(times: Times, now: datetime, guard: timedelta) -> Gap | None:
    """The first gap that isn't over: every run before it began a guard ago, none after it begins for a guard.

    A minute is left over on either side: for the second of its minute in which a run begins, and for the calls. None:
    no two runs within HORIZON are far enough apart.
    """
    reach = guard // MINUTE
    begin = _whole(now) - guard
    span = Span(begin, (HORIZON + 3 * guard) // MINUTE)
    runs = times.minutes(span)
    near = _reached(runs, reach) | _reached_before(runs, reach + 1)
    first = span.number(now)
    free = ~near & span.between(span.moment(first), span.end - guard - 2 * MINUTE)
    opens = next(members(free), None)
    if opens is None:
        return None
    closes = next(members(near >> opens), None)
    return Gap(max(now, span.moment(opens)), None if closes is None else span.moment(opens + closes))


def may_begin(times: Times, ended: datetime, now: datetime, guard: timedelta) -> datetime:
    """From when on the other home may start runs, where this one was told at `ended` to start no more.

    Until a guard later it may go on, so whatever is due until then is left to it: started or missed, never doubled.
    """
    begin = _whole(now) - MINUTE
    last = ended + guard
    if last < begin:
        return now
    span = Span(begin, (last - begin) // MINUTE + 1)
    due = times.minutes(span)
    return max(now, span.moment(due.bit_length() - 1) + 2 * MINUTE) if due else now


def most_missed(times: Times, ended: datetime, guard: timedelta) -> int:
    """How many runs a move at that moment misses at most: AWS may act on each change at once, or a guard later."""
    until = may_begin(times, ended, ended, guard) + guard + MINUTE
    begin = _whole(ended)
    return times.minutes(Span(begin, (until - begin) // MINUTE + 1)).bit_count()


def due_until(times: Times, begin: datetime, end: datetime) -> list[datetime]:
    """The minutes in which it runs, from the one of `begin` until that of `end`."""
    span = Span(_whole(begin), max((end - _whole(begin)) // MINUTE + 1, 0))
    return [span.moment(minute) for minute in members(times.minutes(span))]


def run_before(times: Times, now: datetime) -> datetime | None:
    """The last minute until `now` in which it ran; None where none is known within HORIZON."""
    span = Span(_whole(now) - HORIZON, HORIZON // MINUTE + 1)
    runs = times.minutes(span)
    return span.moment(runs.bit_length() - 1) if runs else None


def _reached(runs: int, minutes: int) -> int:
    """The minutes of runs and so many after each."""
    found = runs
    for after in range(1, minutes + 1):
        found |= runs << after
    return found


def _reached_before(runs: int, minutes: int) -> int:
    found = runs
    for before in range(1, minutes + 1):
        found |= runs >> before
    return found


def _whole(moment: datetime) -> datetime:
    """The minute that `moment` is in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
