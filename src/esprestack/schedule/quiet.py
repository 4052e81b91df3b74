"""When a rule is quiet: the moments in which none of its runs is due, so that its target can be exchanged."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from esprestack.schedule.expression import Rate, parse
from esprestack.schedule.language import ScheduleError

MINUTE = timedelta(minutes=1)
"""A run may start at any second of its minute, and a change takes a moment until all of EventBridge knows it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""
_TRIES = 500


def quiet_from(expressions: Iterable[str], now: datetime) -> datetime | None:
    """The first moment, `now` or later, that is a minute away from every run; None: there is none that can be known.

    A rate counts from a moment that AWS tells nobody, and some schedules run every minute.
    """
    if not (expressions := tuple(expressions)):
        return now
    try:
        schedules = [parse(expression) for expression in expressions]
    except ScheduleError:
        return None
    if any(isinstance(schedule, Rate) for schedule in schedules):
        return None
    moment = now.astimezone(UTC)
    for _ in range(_TRIES):
        late = [
            run
            for schedule in schedules
            if (run := schedule.next_after(moment - MINUTE)) is not None and run <= moment + MINUTE
        ]
        if not late:
            return moment
        moment = max(late) + MINUTE
    return None


def is_never_quiet(expressions: Iterable[str]) -> bool:
    """Whether no such moment can ever be known."""
    return quiet_from(expressions, _ANY_DAY) is None


_ANY_DAY = datetime(2001, 1, 1, tzinfo=UTC)
