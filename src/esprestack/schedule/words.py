"""A schedule in English: "at 00:15 and 12:15 UTC on weekdays"."""

import itertools
from collections.abc import Callable, Sequence

from esprestack.schedule.cron import Cron
from esprestack.schedule.expression import At, Rate
from esprestack.schedule.fields import Days

_MOST_TIMES = 8
"""Times of day that are written out one by one."""
_MOST = 12
"""Values that are named; the others are counted."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NTH = ("", "first", "second", "third", "fourth", "fifth")


def explain(schedule: Cron | Rate | At, timezone: str = "UTC") -> str:
    """When `schedule` runs, in one line that stays short whatever the expression."""
    match schedule:
        case Rate(value=1, unit=unit):
            return f"every {unit}"
        case Rate(value=value, unit=unit):
            return f"every {value} {unit}s" if value else "never"
        case At(moment=moment):
            return f"once, at {moment.isoformat(' ', 'seconds' if moment.second else 'minutes')} {timezone}"
    times, days = _times(schedule, timezone), _days(schedule)
    if len(schedule.hours) == 24:
        days = "" if days == "every day" else days
        days += f" ({timezone})" if days or timezone != "UTC" else ""
        days = days.strip()
    return " ".join(filter(None, [times, days, _years(schedule.years)]))


def _times(cron: Cron, timezone: str) -> str:
    minutes, hours = cron.minutes, cron.hours
    step = _step(minutes, 60)
    if len(hours) == 24:
        if len(minutes) == 60:
            return "every minute"
        if step and len(minutes) > 1:
            start = f" from {minutes[0]} past" if minutes[0] else ""
            return f"every {step} minutes{start}"
        return f"at {_grouped(minutes)} past every hour" if minutes != (0,) else "every hour"
    if len(minutes) * len(hours) <= _MOST_TIMES:
        return f"at {_listed([f'{hour:02}:{minute:02}' for hour in hours for minute in minutes])} {timezone}"
    every = _step(hours, 24)
    if len(minutes) == 1 and every and every > 1:
        return f"every {every} hours from {hours[0]:02}:{minutes[0]:02} {timezone}"
    often = (
        "every minute"
        if len(minutes) == 60
        else f"every {step} minutes{f' from {minutes[0]} past' if minutes[0] else ''}"
        if step and len(minutes) > 1
        else f"at {_grouped(minutes)} past the hour"
        if minutes != (0,)
        else "on the hour"
    )
    first, last = _span(hours, 24)
    if last is not None:
        return f"{often}, from {first:02}:{minutes[0]:02} to {last:02}:{minutes[-1]:02} {timezone}"
    if every:
        return f"{often}, in every {_ordinal(every)} hour from {hours[0]:02}:00 {timezone}"
    return f"{often}, in the hours {_grouped(hours, '{:02}'.format)} {timezone}"


def _span(values: Sequence[int], size: int) -> tuple[int, int | None]:
    """First and last of values that follow each other, also over the end of the field; None where they don't."""
    gaps = [at for at in range(len(values)) if (values[at - 1] + 1 - values[at]) % size]
    if len(gaps) != 1:
        return values[0], None
    return values[gaps[0]], values[gaps[0] - 1]


def _step(values: Sequence[int], size: int) -> int:
    """The distance of values that go on evenly to the end of the field (and evenly into the next hour); else 0."""
    if len(values) < 2:
        return 0
    step = values[1] - values[0]
    even = all(later - value == step for value, later in itertools.pairwise(values))
    return step if even and size % step == 0 and values[0] < step and values[-1] + step >= size else 0


def _days(cron: Cron) -> str:
    months = _months(cron.months)
    whole = f"of {months or 'the month'}"
    if cron.days_of_month.unused:
        said = _weekdays(cron.days_of_week, whole)
        return f"{said} in {months}" if months and whole not in said else said
    days = cron.days_of_month
    if days.every:
        return f"every day in {months}" if months else "every day"
    named = _groups(days.values, _ordinal)
    named += ["last day" if not offset else f"{_ordinal(offset)} day before the last" for offset in days.last]
    named += [f"weekday nearest to the {_grouped(days.nearest, _ordinal)}"] if days.nearest else []
    named += ["last weekday"] if days.last_weekday else []
    return f"on the {_listed(named)} {whole}"


def _weekdays(days: Days, whole: str) -> str:
    if days.nth:
        weekday, number = days.nth
        return f"on the {_NTH[number]} {_WEEKDAYS[weekday - 1]} {whole}"
    if len(days.values) == 7:
        return "every day"
    if not days.last and days.values == (2, 3, 4, 5, 6):
        return "on weekdays"
    if not days.last and days.values == (1, 7):
        return "on Saturdays and Sundays"
    monday_first = sorted(days.values, key=lambda day: (day - 2) % 7)
    first, last = _span(days.values, 7) if len(days.values) > 3 and not days.last else (0, None)
    if last is not None:
        return f"from {_WEEKDAYS[first - 1]} to {_WEEKDAYS[last - 1]}"
    named = [f"{_WEEKDAYS[day - 1]}s" for day in monday_first]
    if days.last:
        named.append(f"the last {_grouped(days.last, lambda day: _WEEKDAYS[day - 1])} {whole}")
    return f"on {_listed(named)}"


def _months(months: Sequence[int]) -> str:
    return "" if len(months) == 12 else _grouped(months, lambda month: _MONTHS[month - 1])


def _years(years: Sequence[int]) -> str:
    if len(years) == 230:
        return ""
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"from {years[0]} to {years[-1]}"
    step = years[1] - years[0] if len(years) > 3 else 0
    if step and years == tuple(range(years[0], 2200, step)):
        return f"in every {_ordinal(step)} year from {years[0]}"
    return f"in {_grouped(years)}"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _grouped(values: Sequence[int], name: Callable[[int], str] = str) -> str:
    """Values with commas and "and"; where more than three follow each other, the first and the last."""
    return _listed(_groups(values, name))


def _groups(values: Sequence[int], name: Callable[[int], str]) -> list[str]:
    texts: list[str] = []
    for _, numbered in itertools.groupby(enumerate(values), lambda pair: pair[1] - pair[0]):
        group = [value for _, value in numbered]
        texts += [f"{name(group[0])} to {name(group[-1])}"] if len(group) > 3 else map(name, group)
    return texts


def _listed(items: Sequence[str]) -> str:
    """Items with commas and "and"; of many the first, and how many more."""
    texts = items[:_MOST]
    if len(items) > _MOST:
        return f"{', '.join(texts)} and {len(items) - _MOST} more"
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
