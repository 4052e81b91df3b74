"""Starts of schedules that have passed: AWS takes none in a request, and what they mean can be said otherwise.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html (StartDate)
"""

from datetime import datetime, timedelta

from esprestack.schedule.expression import Rate, parse
from esprestack.schedule.language import Dialect, ScheduleError

LEEWAY = timedelta(minutes=4)
"""AWS takes a start of five minutes ago; the request has to get there."""


def start_to_say(expression: str, start: datetime | None, now: datetime) -> datetime | None:
    """A start that AWS takes and that means the same from `now` on; None where none has to be said.

    Of a rate that began long ago it is its next run; to anything else a start in the past means nothing any more.
    """
    if start is None or start >= now - LEEWAY:
        return start
    rate = _rate(expression)
    return rate.next_after(now, anchor=start) if rate else None


def mean_the_same(expression: str, one: datetime | None, other: datetime | None, now: datetime) -> bool:
    """Whether two starts make no difference to the runs after `now`."""
    rate = _rate(expression)
    if rate and one and other:
        return rate.next_after(now, anchor=one) == rate.next_after(now, anchor=other)
    if rate:
        return one == other
    return _to_come(one, now) == _to_come(other, now)


def _to_come(start: datetime | None, now: datetime) -> datetime | None:
    return start if start and start > now else None


def _rate(expression: str) -> Rate | None:
    try:
        schedule = parse(expression, Dialect.SCHEDULER)
    except ScheduleError:
        return None
    return schedule if isinstance(schedule, Rate) and schedule.value else None
