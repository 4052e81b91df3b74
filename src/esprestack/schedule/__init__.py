"""AWS's schedule language: `cron(…)`, `rate(…)`, `at(…)`: parsed, explained in English, and their next runs.

Pure. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html (rules) and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (EventBridge Scheduler).
"""

from esprestack.schedule.cron import Cron
from esprestack.schedule.expression import At, Rate, Schedule, parse
from esprestack.schedule.language import FIRST_YEAR, LAST_YEAR, Dialect, ScheduleError
from esprestack.schedule.words import explain

__all__ = ["FIRST_YEAR", "LAST_YEAR", "At", "Cron", "Dialect", "Rate", "Schedule", "ScheduleError", "explain", "parse"]
