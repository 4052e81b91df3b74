"""AWS's table of the language: its dialects, the six fields of cron, and the error for a text that breaks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Dialect(StrEnum):
    """Whose language it is."""

    RULES = "rules"
    SCHEDULER = "scheduler"


class ScheduleError(ValueError):
    """`what` is wrong in an expression, between the offsets `start` and `end`, and what would be right."""

    def __init__(self, what: str, todo: str, start: int, end: int) -> None:
        self.what = what
        self.todo = todo
        self.start = start
        self.end = end
        super().__init__(f"{what} ({todo})" if todo else what)


def doubt(what: str) -> str:
    """The warning for what nobody could settle."""
    return f"{what} isn't documented by AWS: it may be refused"


@dataclass(frozen=True, slots=True)
class FieldKind:
    """A field of the table: its bounds, the names it takes, and the letters that mean something in it."""

    name: str
    least: int
    most: int
    names: Sequence[str] = ()
    letters: str = ""
    example: str = ""
    wraps: bool = False
    """Whether AWS documents a range such as 20-2 for it."""


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FIRST_YEAR, LAST_YEAR = 1970, 2199

KINDS = (
    FieldKind("minutes", 0, 59, example="0/15"),
    FieldKind("hours", 0, 23, example="8-17", wraps=True),
    FieldKind("day-of-month", 1, 31, letters="?LW", example="?, 1, 15W or L"),
    FieldKind("month", 1, 12, MONTHS, example="* or JAN-MAR"),
    FieldKind("day-of-week", 1, 7, WEEKDAYS, letters="?L#", example="?, MON-FRI or 2#1"),
    FieldKind("year", FIRST_YEAR, LAST_YEAR, example="*"),
)
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
