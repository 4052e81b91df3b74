"""AWS's table once more, slow and plain: whether one cron expression, taken from its text, means one local minute.

It shares nothing with the package, so that what both get wrong must be wrong in two ways of reading the table.
"""

import calendar
from datetime import date, datetime, timedelta

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def means(expression: str, moment: datetime) -> bool:
    minutes, hours, *_ = expression[5:-1].split()
    return (
        contains(minutes, 0, 59, moment.minute) and contains(hours, 0, 23, moment.hour) and on_day(expression, moment)
    )


def on_day(expression: str, day: date) -> bool:
    _, _, days, months, weekdays, years = expression[5:-1].split()
    if not (contains(months, 1, 12, day.month, MONTHS) and contains(years, 1970, 2199, day.year)):
        return False
    if days != "?":
        return any(of_month(item, day) for item in days.split(","))
    return any(of_week(item, day) for item in weekdays.split(","))


def first_after(expression: str, now: datetime, days: int) -> datetime | None:
    """Day by day and minute by minute, for so many days."""
    for number in range(days):
        midnight = datetime.combine(now.date() + timedelta(number), datetime.min.time())
        if on_day(expression, midnight):
            for minute in range(1440):
                moment = midnight + timedelta(minutes=minute)
                if moment > now and means(expression, moment):
                    return moment
    return None


def of_month(item: str, day: date) -> bool:
    month = [date(day.year, day.month, number) for number in range(1, 1 + calendar.monthrange(day.year, day.month)[1])]
    working = [other for other in month if other.weekday() < 5]
    if item == "L":
        return day.day == len(month)
    if item == "LW":
        return day.day == working[-1].day
    if item.startswith("L-"):
        return day.day == len(month) - int(item[2:])
    if item.endswith("W"):
        wanted = int(item[:-1])
        nearest = min(working, key=lambda other: abs(other.day - wanted))
        return wanted <= len(month) and day.day == nearest.day
    return contains(item, 1, 31, day.day)


def of_week(item: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if item == "L":
        return weekday == 7
    if "#" in item:
        wanted, number = item.split("#")
        return weekday == value(wanted, 1, WEEKDAYS) and (day.day + 6) // 7 == int(number)
    if item.endswith("L"):
        return weekday == value(item[:-1], 1, WEEKDAYS) and (day + timedelta(7)).month != day.month
    return contains(item, 1, 7, weekday, WEEKDAYS)


def contains(text: str, least: int, most: int, wanted: int, names: list[str] | None = None) -> bool:
    for item in text.split(","):
        span, _, step = item.partition("/")
        low, _, high = ("-" if span == "*" else span).partition("-")
        first = value(low, least, names) if low else least
        last = value(high, least, names) if high else most if step or span == "*" else first
        around = [*range(first, most + 1), *range(least, last + 1)] if last < first else range(first, last + 1)
        if wanted in around[:: int(step or 1)]:
            return True
    return False


def value(text: str, least: int, names: list[str] | None) -> int:
    return least + names.index(text) if names and text in names else int(text)
