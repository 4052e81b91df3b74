"""What was meant by a near miss: Unix cron's habits, and durations that `rate` spells another way.

Text → the text that AWS reads with the same meaning, as far as that can be known.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from esprestack.schedule.language import WEEKDAYS, ScheduleError

_DAY = f"[0-7]|{'|'.join(WEEKDAYS)}"
_UNIX_DAYS = re.compile(rf"(\*|{_DAY})(?:-({_DAY}))?(?:/([1-7]))?")
_DURATION = re.compile(r"(?:rate|every)?[ (]*(\d{1,9})(?:\.(\d{1,3}))?[ ,]*([a-z]{1,7})[ )]*", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHORT = {
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "w": "week",
}


def write(read: Callable[[str], object], otherwise: str, *right: str) -> str:
    """What to do: write `right`, two rules if it takes two. Where `read` refuses that too: `otherwise`, and why."""
    try:
        for expression in right:
            read(expression)
    except ScheduleError as error:
        return f"{otherwise}; then {error}"
    shown = " and ".join(f"`{expression}`" for expression in right)
    return f"write {shown}" if len(right) == 1 else f"make two rules, {shown}"


def reads(read: Callable[[str], object], expression: str) -> bool:
    """Whether `read` takes `expression`."""
    try:
        read(expression)
    except ScheduleError:
        return False
    return True


def cron(fields: Sequence[str], year: str = "*") -> tuple[str, ...]:
    """`fields`, the first five, as expressions with one day field each: two if both days are limited.

    Without `?` they are Unix cron's, which counts days of the week from Sunday, 0.
    """
    minutes, hours, day, month, weekday = fields
    if "?" not in (day, weekday):
        weekday = unix_weekdays(weekday)
    return one_day_field((minutes, hours, day, month, weekday, year))


def one_day_field(fields: Sequence[str]) -> tuple[str, ...]:
    """The six `fields` as expressions with `?` in a day field: the one that says nothing, else each in turn."""
    minutes, hours, day, month, weekday, year = fields
    pairs = [(day, "?"), ("?", weekday)]
    if "?" in (day, weekday):
        pairs = [(day, weekday)]
    elif "*" in (day, weekday):
        pairs = pairs[:1] if weekday == "*" else pairs[1:]
    return tuple(f"cron({minutes} {hours} {days} {month} {weekdays} {year})" for days, weekdays in pairs)


def unix_weekdays(text: str) -> str:
    """Unix cron's days of the week (0 and 7 are Sunday) by name; `text` as it is if it isn't that."""
    days: set[int] = set()
    for item in text.upper().split(","):
        match = _UNIX_DAYS.fullmatch(item)
        if not match:
            return text
        first, last, step = match.groups()
        low = 0 if first == "*" else _unix_day(first)
        high = _unix_day(last) if last else 6 if first == "*" or step else low
        days.update(day % 7 for day in range(low, high + 1 if low <= high else high + 8, int(step or 1)))
    return named_weekdays(days)


def named_weekdays(numbers: Iterable[int]) -> str:
    """Days of the week, Sunday is 0, by name as a cron expression has them."""
    days = set(numbers)
    if len(days) == 7:
        return "*"
    if len(days) > 2 and max(days) - min(days) == len(days) - 1:
        return f"{WEEKDAYS[min(days)]}-{WEEKDAYS[max(days)]}"
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _unix_day(text: str) -> int:
    return int(text) if text.isdigit() else WEEKDAYS.index(text)


def rate(text: str) -> str:
    """The `rate(…)` of a duration such as `90min` or `1.5 hours`; empty if there is none."""
    match = _DURATION.fullmatch(text)
    if not match:
        return ""
    whole, part, unit = match[1], match[2] or "", match[3].lower()
    unit = unit.removesuffix("s") if len(unit) > 1 else unit
    unit = _SHORT.get(unit, unit)
    if unit not in _SECONDS:
        return ""
    seconds, rest = divmod(int(whole + part) * _SECONDS[unit], 10 ** len(part))
    if rest or seconds % 60 or not seconds:
        return ""
    fitting = [unit] if unit in ("minute", "hour", "day") else []
    unit = next(name for name in (*fitting, "day", "hour", "minute") if seconds % _SECONDS[name] == 0)
    value = seconds // _SECONDS[unit]
    return f"rate({value} {unit}{'' if value == 1 else 's'})"
