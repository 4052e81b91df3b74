"""Schedules that have run for the last time: AWS may have removed them, and nobody wants them back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from esprestack.rule import Home, Rule
from esprestack.schedule import At, Dialect, ScheduleError, parse


def is_completed(rule: Rule, now: datetime) -> bool:
    """Whether the schedule won't run any more: its one time, or its end where AWS removes it then, has passed.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html
    """
    if rule.home is not Home.SCHEDULER:
        return False
    if rule.timing.after_completion and rule.timing.end is not None and rule.timing.end <= now:
        return True
    try:
        schedule = parse(rule.schedule_expression, Dialect.SCHEDULER)
        zone = ZoneInfo(rule.timing.timezone) if rule.timing.timezone else UTC
    except (ScheduleError, ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return isinstance(schedule, At) and schedule.next_after(now, zone) is None
