"""Any schedule expression: which kind it is, and the two simple kinds, `rate` and `at`."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from typing import Protocol

from esprestack.schedule import corrections
from esprestack.schedule.cron import Cron, parse_cron
from esprestack.schedule.language import Dialect, ScheduleError, doubt

LONGEST = 256
"""Characters of an expression: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""

_EXAMPLES = "for example `cron(0 10 * * ? *)` or `rate(5 minutes)`"
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_RATE = re.compile(r"(\S*)(?: (\S*))?")
_NEARLY_AT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)? ?(?:Z|[+-]\d{2}:?\d{2})?")
_AT = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?")


class Schedule(Protocol):
    """What all kinds can do. Times are aware; answers are in UTC."""

    @property
    def expression(self) -> str: ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of it AWS documents nowhere."""

    def next_after(self, now: datetime, timezone: tzinfo = UTC, anchor: datetime | None = None) -> datetime | None:
        """The first run after `now`, None if there is none any more. `anchor`: where a rate counts from."""

    def runs(self, now: datetime, timezone: tzinfo = UTC, anchor: datetime | None = None) -> Iterator[datetime]:
        """The runs after `now`, in order."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate(value unit)`: elapsed time, whatever the clocks do. A rule counts from its creation."""

    expression: str
    value: int
    unit: str
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def period(self) -> timedelta:
        return self.value * _UNITS[self.unit]

    def next_after(
        self,
        now: datetime,
        timezone: tzinfo = UTC,  # noqa: ARG002 - Schedule's face
        anchor: datetime | None = None,
    ) -> datetime | None:
        """The first run after `now`; without `anchor`, which nobody knows of a rule, counted from `now`."""
        if not self.value:
            return None
        start = anchor or now
        passed = max((now - start) // self.period + 1, 0)
        try:
            run = (start + passed * self.period).astimezone(UTC)
        except OverflowError:
            return None
        return run if run.year < MAXYEAR else None  # so that every zone has a local time for it

    def runs(self, now: datetime, timezone: tzinfo = UTC, anchor: datetime | None = None) -> Iterator[datetime]:
        """The runs after `now`, in order."""
        run = self.next_after(now, timezone, anchor)
        while run is not None:
            yield run
            run = self.next_after(run, timezone, anchor)


@dataclass(frozen=True, slots=True)
class At:
    """`at(yyyy-mm-ddThh:mm:ss)`: once, in the schedule's time zone."""

    expression: str
    moment: datetime
    """Without zone."""
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def next_after(
        self,
        now: datetime,
        timezone: tzinfo = UTC,
        anchor: datetime | None = None,  # noqa: ARG002 - Schedule's face
    ) -> datetime | None:
        """The run, if it is still to come."""
        try:
            run = self.moment.replace(tzinfo=timezone).astimezone(UTC)
        except OverflowError:
            return None
        return run if run > now else None

    def runs(self, now: datetime, timezone: tzinfo = UTC, anchor: datetime | None = None) -> Iterator[datetime]:
        """The run, if it is still to come."""
        if (run := self.next_after(now, timezone, anchor)) is not None:
            yield run


@functools.lru_cache(4096)
def parse(expression: str, dialect: Dialect = Dialect.RULES) -> Cron | Rate | At:
    """The schedule in `expression`. Raises ScheduleError with what is wrong, where, and what would be right."""
    if len(expression) > LONGEST:
        what = f"the expression has {len(expression)} characters, AWS takes {LONGEST}"
        raise ScheduleError(what, "make several rules of it", LONGEST, len(expression))
    if not expression.isascii():
        at = next(at for at, character in enumerate(expression) if not character.isascii())
        what = f"the character U+{ord(expression[at]):04X} isn't part of the language"
        raise ScheduleError(what, "write plain ASCII digits, letters and blanks", at, at + 1)
    kind, opened, rest = expression.partition("(")
    if opened and rest.endswith(")"):
        if kind == "cron":
            return parse_cron(expression)
        if kind == "rate":
            return _rate(expression, rest[:-1], dialect)
        if kind == "at":
            return _at(expression, rest[:-1], dialect)
    raise _unknown(expression, dialect)


def _unknown(expression: str, dialect: Dialect) -> ScheduleError:
    end = max(len(expression), 1)

    def error(what: str, otherwise: str, *right: str) -> ScheduleError:
        todo = corrections.write(lambda text: parse(text, dialect), otherwise, *right)
        return ScheduleError(what, todo, 0, end)

    trimmed = expression.strip()
    if not trimmed:
        return ScheduleError("the expression is empty", _EXAMPLES, 0, end)
    if trimmed != expression:
        return error("blanks stand around the expression", "remove them", trimmed)
    kind, opened, rest = expression.partition("(")
    word = kind.strip().lower()
    if opened and word in ("cron", "rate", "at"):
        inside, closed, behind = rest.partition(")")
        right = f"{word}({inside})"
        if kind != word:
            return error(f"`{kind[:20]}(` isn't known", f"write `{word}(`, in lower case and without blanks", right)
        if not closed:
            return error("the closing parenthesis is missing", "add it", right)
        return error(f"`{behind[:20]}` stands behind the closing parenthesis", "remove it", right)
    fields = expression.split()
    if not opened and len(fields) in (5, 6) and fields[0][0] in "*0123456789":
        meant = corrections.cron(fields) if len(fields) == 5 else (f"cron({' '.join(fields)})",)
        return error("`cron(` and `)` are missing", "add them", *meant)
    near = corrections.rate(expression)
    todo = f"write `{near}`" if near else _EXAMPLES
    return ScheduleError(f"`{expression[:40]}` is no schedule expression", todo, 0, end)


def _rate(expression: str, inner: str, dialect: Dialect) -> Rate:
    def wrong(what: str, right: str = "") -> ScheduleError:
        right = right or corrections.rate(inner)
        todo = f"write `{right}`" if right else "for example `rate(5 minutes)`, `rate(1 hour)` or `rate(7 days)`"
        return ScheduleError(what, todo, 5, max(len(expression) - 1, 6))

    match = _RATE.fullmatch(inner)
    if not match or match[2] is None:
        raise wrong("rate has a value and a unit, with one blank between them")
    text, unit = match[1], match[2]
    singular = unit.lower().removesuffix("s")
    if singular == "second":
        raise wrong("rate counts minutes, hours or days")
    if singular not in _UNITS:
        raise wrong(f"`{unit[:20]}` is no unit of rate")
    if not text.isdigit():
        raise wrong(f"the value `{text[:20]}` isn't a positive whole number")
    if len(text) > 9:
        raise wrong(f"the value {text[:20]} is too large")
    value = int(text)
    right = f"rate({max(value, 1)} {singular}{'s' if value > 1 else ''})"
    warnings = []
    if unit != unit.lower():
        if dialect is Dialect.RULES:
            raise wrong(f"the unit `{unit}` is written in lower case", right)
        warnings.append(doubt(f"the unit `{unit}` in capitals"))
    if value == 0:
        if dialect is Dialect.RULES:
            raise wrong("the value must be 1 or more", right)
        warnings.append(doubt("the value 0"))
    elif text.startswith("0"):
        warnings.append(doubt(f"a leading zero (`{text}`)"))
    if (value == 1) != (unit.lower() == singular):
        if dialect is Dialect.RULES:
            raise wrong(f"{value} takes {'the singular' if value == 1 else 'the plural'}", right)
        if value != 1:
            warnings.append(doubt(f"the singular with {value}"))
    return Rate(expression, value, singular, tuple(warnings))


def _at(expression: str, inner: str, dialect: Dialect) -> At:
    end = max(len(expression) - 1, 4)
    if dialect is Dialect.RULES:
        todo = "write cron(…) with a year, or use EventBridge Scheduler"
        raise ScheduleError("at(…) exists on EventBridge Scheduler only", todo, 0, len(expression))
    match = _AT.fullmatch(inner)
    if not match:
        todo = "for example `at(2026-12-31T09:00:00)`; the time zone is a key of its own"
        if near := _NEARLY_AT.fullmatch(inner):
            todo = f"write `at({near[1]}T{near[2]}{near[3] or ':00'})`; the time zone is a key of its own"
        raise ScheduleError(f"`{inner[:40]}` isn't a date and time", todo, 3, end)
    try:
        moment = datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        todo = "write a date of the calendar and a time from 00:00:00 to 23:59:59"
        raise ScheduleError(f"`{inner}` doesn't exist", todo, 3, end) from None
    return At(expression, moment, () if match[6] else (doubt("a time without seconds"),))
