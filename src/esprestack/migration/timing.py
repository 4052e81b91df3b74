"""When a rule runs, what its rate counts from, when it can be switched, and what can't be promised of it. Pure.

In: the rule that runs now, and when it last started tasks; out: `Times`, moments, a `Window`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from esprestack.migration.gap import Gap, most_missed, next_gap
from esprestack.rule import Rule
from esprestack.schedule import At, Cron, Rate
from esprestack.schedule.minutes import MINUTE
from esprestack.timetable.times import Times, times_of

_NEAR = timedelta(minutes=1)
"""Tasks of one rate begin so near to its moments."""


# -- when it runs ----------------------------------------------------------------------------------------------


def source_times(rule: Rule, starts: Sequence[datetime]) -> Times | None:
    """When `rule` runs, a rate counted from its last start; None where nobody knows. Raises ScheduleError, InputError.

    Whether it is enabled doesn't count.
    """
    times = replace(times_of(rule), enabled=True)
    if not isinstance(times.schedule, Rate) or times.start:
        return times
    last = last_start(times.schedule, starts)
    return replace(times, start=last) if last else None


def last_start(rate: Rate, starts: Sequence[datetime]) -> datetime | None:
    """The last of the moments at which a rate started tasks; None where they don't lie its period apart.

    A task that EventBridge had to try for again began at a moment of its own.
    """
    if not starts or any(_off(rate, start, max(starts)) > _NEAR for start in starts):
        return None
    return max(starts).replace(microsecond=0)


def count_alike(rate: Rate, one: datetime, other: datetime) -> bool:
    """Whether a rate that counts from either moment runs in the same minutes, as far as can be told."""
    return _off(rate, one, other) <= _NEAR


def _off(rate: Rate, one: datetime, other: datetime) -> timedelta:
    late = (other - one) % rate.period
    return min(late, rate.period - late)


def first_start(rate: Rate, ended: datetime, guard: timedelta) -> datetime:
    """The first run of a rate whose last one nobody knows: that may have come until a guard after `ended`."""
    return (ended + guard + rate.period).replace(microsecond=0)


# -- when it can be switched -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """When a rule can be switched, how far from its runs, what can't be promised then, and what to do about that."""

    gap: Gap
    calm: timedelta
    risk: str = ""
    todo: str = ""


ACCEPT = "--accept-missed-runs"


def window(schedule: Cron | Rate | At, times: Times | None, now: datetime, guard: timedelta) -> Window:
    """The next gap of a guard. Where there is none the widest smaller one; of an unknown rate any moment."""
    if times is None:
        return _of_unknown(schedule, now, guard)
    if gap := next_gap(times, now, guard):
        return Window(gap, guard)
    calm = guard - MINUTE
    while calm and not (gap := next_gap(times, now, calm)):
        calm -= MINUTE
    gap = gap or Gap(now)
    missed = most_missed(times, gap.opens, guard)
    apart = 2 * (guard // MINUTE) + 3
    risk = f"never has two runs {apart} minutes apart: up to {missed} run{'' if missed == 1 else 's'} may be missed"
    smaller = f"give it --guard {calm // MINUTE}, or " if calm else ""
    return Window(gap, calm, risk, f"{smaller}accept that with {ACCEPT}")


def window_to_rules(schedule: Cron | Rate | At, times: Times | None, now: datetime, guard: timedelta) -> Window:
    """The same of a rate that becomes a rule again: from when that counts, AWS alone knows."""
    found = window(schedule, times, now, guard)
    risk = (
        "counts from a moment that AWS alone knows once it is a rule: its first run there may come up to a period "
        "earlier or later than due"
    )
    return Window(found.gap, found.calm, risk, f"accept that with {ACCEPT}")


def _of_unknown(schedule: Cron | Rate | At, now: datetime, guard: timedelta) -> Window:
    """It counts anew from the switch."""
    missed = 1 + guard // schedule.period if isinstance(schedule, Rate) else 1
    runs = "one run" if missed == 1 else f"up to {missed} runs"
    risk = (
        f"counts from a moment that AWS tells nobody, and no task tells it: {runs} may be missed, since the next one "
        f"comes a period and {guard // MINUTE} minutes after the switch"
    )
    todo = f"call this again within an hour after it has run, or accept that with {ACCEPT}"
    return Window(Gap(now), timedelta(), risk, todo)


def recheck(times: Times | None, now: datetime, calm: timedelta) -> Gap | None:
    """The gap that is open at `now` or comes next, as far from the runs as `window` found it; None: there is none."""
    if times is None or not calm:
        return Gap(now)
    return next_gap(times, now, calm)
