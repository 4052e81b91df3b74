"""The six fields of a cron expression: text → the values that a field allows.

What AWS's table excludes is an error that names the field. What nobody could settle (every parser takes it, AWS
documents nothing) is read with a warning.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class FieldKind:
    """A field of the table: its bounds, the names it takes, and the letters that mean something in it."""

    name: str
    least: int
    most: int
    names: Sequence[str] = ()
    example: str = ""
    wraps: bool = False
    """Whether AWS documents a range such as 20-2 for it."""


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

KINDS = (
    FieldKind("minutes", 0, 59, example="0/15"),
    FieldKind("hours", 0, 23, example="8-17", wraps=True),
    FieldKind("day-of-month", 1, 31, example="?, 1 or L"),
    FieldKind("month", 1, 12, MONTHS, example="* or JAN-MAR"),
    FieldKind("day-of-week", 1, 7, WEEKDAYS, example="?, MON-FRI or 2#1"),
    FieldKind("year", 1970, 2199, example="*"),
)


@dataclass(frozen=True, slots=True)
class Days:
    """Which days a day field means; `?` means none of this is used."""

    unused: bool = False
    values: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    """Of the month: offsets before its last day. Of the week: weekdays whose last one in the month is meant."""
    nearest: tuple[int, ...] = ()
    """Days of the month whose nearest weekday is meant."""
    last_weekday: bool = False
    nth: tuple[int, int] | None = None
    """Weekday and its number in the month."""

    @property
    def every(self) -> bool:
        return len(self.values) >= 31


_ALL = {kind.name: tuple(range(kind.least, kind.most + 1)) for kind in KINDS}
_UNUSED = Days(unused=True)
_EVERY_DAY = Days(values=_ALL["day-of-month"])
_EVERY_WEEKDAY = Days(values=_ALL["day-of-week"])


@dataclass(slots=True)
class FieldReader:
    """Reads one field; `start` is its offset in the expression."""

    kind: FieldKind
    text: str
    start: int
    warnings: list[str] = field(default_factory=list)

    def values(self) -> tuple[int, ...]:
        """The sorted values of a field of plain numbers, names, ranges and steps."""
        if self.text == "*":
            return _ALL[self.kind.name]
        if self.text.isdigit():
            return (self.number(self.text),)
        found: set[int] = set()
        for item in self.items():
            found.update(self.item(item))
        return tuple(sorted(found))

    def days_of_month(self) -> Days:
        if self.text in ("?", "*"):
            return _UNUSED if self.text == "?" else _EVERY_DAY
        values: set[int] = set()
        last: list[int] = []
        nearest: list[int] = []
        last_weekday = False
        items = list(self.items())
        for item in items:
            upper = item.upper()
            if upper == "L":
                last.append(0)
            elif upper == "LW":
                last_weekday = True
            elif match := re.fullmatch(r"L-(\d{1,2})", upper):
                self.doubt("an offset from the last day", item)
                last.append(min(int(match[1]), 30))
            elif match := re.fullmatch(r"(\d+)W", upper):
                nearest.append(self.number(match[1]))
            else:
                values.update(self.item(item))
        if len(items) > 1 and (last or nearest or last_weekday):
            self.doubt("L or W in a list", self.text)
        return Days(False, tuple(sorted(values)), tuple(last), tuple(nearest), last_weekday)

    def days_of_week(self) -> Days:
        if self.text in ("?", "*"):
            return _UNUSED if self.text == "?" else _EVERY_WEEKDAY
        values: set[int] = set()
        last: list[int] = []
        items = list(self.items())
        if "#" in self.text:
            return Days(nth=self.nth(items))
        for item in items:
            upper = item.upper()
            if upper == "L":
                values.add(7)
            elif match := re.fullmatch(r"L-(\d)", upper):
                self.doubt("an offset with L", item)
                values.add(max(7 - int(match[1]), 1))
            elif upper.endswith("L") and upper[:-1].isalnum():
                last.append(self.number(item[:-1]))
            else:
                if "/" in item:
                    self.doubt("an increment", item)
                values.update(self.item(item))
        if len(items) > 1 and last:
            self.doubt("L in a list", self.text)
        return Days(values=tuple(sorted(values)), last=tuple(last))

    def nth(self, items: Sequence[str]) -> tuple[int, int]:
        if len(items) > 1:
            raise self.error("with `#` only one expression is allowed", "make a rule of its own for each day")
        day, _, number = self.text.partition("#")
        if not (number.isascii() and number.isdigit() and len(number) == 1 and 1 <= int(number) <= 5):
            raise self.error(f"`#{number[:20]}` isn't a week of a month", "write #1 to #5")
        return self.number(day), int(number)

    def items(self) -> Iterator[str]:
        for item in self.text.split(","):
            if not item:
                raise self.error("a comma stands without a value", "remove it")
            yield item

    def item(self, item: str) -> Iterator[int]:
        kind = self.kind
        if item.isascii() and item.isdigit():
            return iter((self.number(item),))
        span, slash, step_text = item.partition("/")
        low_text, dash, high_text = span.partition("-")
        if span == "*":
            low, high = kind.least, kind.most
        else:
            low = self.number(low_text)
            high = self.number(high_text) if dash else kind.most if slash else low
        step = 1
        if slash:
            if not (step_text.isascii() and step_text.isdigit() and len(step_text) <= 4):
                raise self.error(f"the increment `{step_text[:20]}` isn't a number", f"for example {kind.example}")
            step = int(step_text)
            if step == 0 or step > kind.most - kind.least + 1:
                self.doubt(f"the increment {step}", item)
            if step == 0:
                return iter((low,))
        if high >= low:
            return iter(range(low, high + 1, step))
        if not kind.wraps:
            self.doubt("a range that ends before it begins", item)
        around = [*range(low, kind.most + 1), *range(kind.least, high + 1)]
        return iter(around[::step])

    def number(self, text: str) -> int:
        kind = self.kind
        if text.upper() in kind.names:
            return kind.least + kind.names.index(text.upper())
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise self.error(f"`{text[:20]}` isn't a value of it", self.advice(text))
        value = int(text)
        if not kind.least <= value <= kind.most:
            raise self.error(f"{value} is not from {kind.least} to {kind.most}", self.advice(text))
        if len(text) > 1 and text.startswith("0"):
            self.doubt("a leading zero", text)
        return value

    def advice(self, text: str) -> str:
        kind, upper = self.kind, text.upper()
        if kind.names and len(upper) > 3 and upper[:3] in kind.names:
            return f"write {upper[:3]}"
        if kind.name == "day-of-week" and text == "0":
            return "Sunday is 1 or SUN here"
        if upper.strip("LW#?") != upper or "?" in text:
            return f"this field doesn't take L, W, # or ?; for example {kind.example}"
        names = f", or {kind.names[0]} to {kind.names[-1]}" if kind.names else ""
        return f"{kind.least} to {kind.most}{names}; for example {kind.example}"

    def doubt(self, what: str, item: str) -> None:
        self.warnings.append(f"{what} in {self.kind.name} (`{item[:20]}`) isn't documented by AWS: it may be refused")

    def error(self, what: str, todo: str) -> ScheduleError:
        shown = self.text if len(self.text) <= 40 else self.text[:37] + "..."
        return ScheduleError(
            f"{self.kind.name} `{shown}`: {what}", todo, self.start, self.start + max(len(self.text), 1)
        )
