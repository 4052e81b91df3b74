"""A cron expression: which days it means, and when it runs next."""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from esprestack.schedule import corrections
from esprestack.schedule.fields import Days, FieldReader
from esprestack.schedule.language import KINDS, ScheduleError, doubt

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MINUTE = timedelta(minutes=1)
_BEGIN, _END = datetime(1969, 12, 30, tzinfo=UTC), datetime(2200, 1, 3, tzinfo=UTC)
"""Before and after every run that an expression can name, in any time zone."""
_FIELD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Cron:
    """`cron(minutes hours day-of-month month day-of-week year)`. Days of the week count from Sunday, which is 1."""

    expression: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days_of_month: Days
    months: tuple[int, ...]
    days_of_week: Days
    years: tuple[int, ...]
    texts: tuple[str, ...]
    """The six fields as they are written."""
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def next_after(
        self,
        now: datetime,
        timezone: tzinfo = UTC,
        anchor: datetime | None = None,  # noqa: ARG002 - Schedule's face
    ) -> datetime | None:
        """The first run after `now` (aware), in UTC; None if there is none any more.

        A local time that doesn't exist is skipped, one that occurs twice runs once, before the clock is set back.
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
        """
        if now < _BEGIN:
            now = _BEGIN
        elif now > _END:
            return None
        if timezone is UTC:
            local = (now if now.tzinfo is UTC else now.astimezone(UTC)).replace(tzinfo=None)
            following = self._following(local.replace(second=0, microsecond=0) + _MINUTE)
            return following and following.replace(tzinfo=UTC)
        local = now.astimezone(timezone).replace(second=0, microsecond=0, tzinfo=None, fold=0)
        while following := self._following(local + _MINUTE):
            local = following
            run = following.replace(tzinfo=timezone).astimezone(UTC)
            if run > now and run.astimezone(timezone).replace(tzinfo=None, fold=0) == following:
                return run
        return None

    def runs(self, now: datetime, timezone: tzinfo = UTC, anchor: datetime | None = None) -> Iterator[datetime]:
        """The runs after `now`, in order."""
        while (run := self.next_after(now, timezone, anchor)) is not None:
            yield run
            now = run

    def days(self, year: int, month: int) -> list[int]:
        """The days of that month on which it runs, in order."""
        length = _LENGTHS[month] + (month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        if self.days_of_month.unused:
            return self._by_weekday(year, month, length)
        days = self.days_of_month
        if not (days.last or days.nearest or days.last_weekday):
            return [day for day in days.values if day <= length]
        found = {day for day in days.values if day <= length}
        found.update(length - offset for offset in days.last if offset < length)
        found.update(_nearest_weekday(year, month, day, length) for day in days.nearest if day <= length)
        if days.last_weekday:
            found.add(_nearest_weekday(year, month, length, length))
        return sorted(found)

    def _by_weekday(self, year: int, month: int, length: int) -> list[int]:
        first = date(year, month, 1).isoweekday() % 7 + 1  # Sunday is 1
        days = self.days_of_week
        if days.nth:
            day = 1 + (days.nth[0] - first) % 7 + 7 * (days.nth[1] - 1)
            return [day] if day <= length else []
        found = {day for weekday in days.values for day in range(1 + (weekday - first) % 7, length + 1, 7)}
        found.update(length - (first + length - 1 - weekday) % 7 for weekday in days.last)
        return sorted(found)

    def _following(self, start: datetime) -> datetime | None:
        """The first local time from `start` on, a whole minute."""
        year, month, day = start.year, start.month, start.day
        this_year = bisect_left(self.years, year)
        if month in self.months and year in self.years[this_year : this_year + 1]:
            days = self.days(year, month)
            if day in days and (found := self._time(start.hour, start.minute)):
                return datetime(year, month, day, *found)  # noqa: DTZ001 - local time without zone
            for later in days:
                if later > day:
                    return self._first(year, month, later)
        for at in range(this_year, len(self.years)):
            for later_month in self.months:
                if self.years[at] == year and later_month <= month:
                    continue
                if days := self.days(self.years[at], later_month):
                    return self._first(self.years[at], later_month, days[0])
        return None

    def _first(self, year: int, month: int, day: int) -> datetime:
        return datetime(year, month, day, self.hours[0], self.minutes[0])  # noqa: DTZ001 - local time without zone

    def _time(self, hour: int, minute: int) -> tuple[int, int] | None:
        """The first time of a day from hour:minute on."""
        if hour in self.hours and minute <= self.minutes[-1]:
            return hour, self.minutes[bisect_left(self.minutes, minute)]
        at = bisect_left(self.hours, hour + 1)
        return (self.hours[at], self.minutes[0]) if at < len(self.hours) else None


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """The day from Monday to Friday that is nearest to `day`, within the month."""
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < length else day - 2
    return day


def parse_cron(expression: str) -> Cron:
    """The cron expression in `expression`, which begins with `cron(` and ends with `)`. Raises ScheduleError.

    Rules and EventBridge Scheduler share the fields.
    """
    inner = expression[5:-1]
    texts = tuple(inner.split())
    if inner != inner.strip():
        todo = corrections.write(parse_cron, "remove it", f"cron({inner.strip()})")
        raise ScheduleError("a blank stands next to a parenthesis", todo, 5, len(expression) - 1)
    if len(texts) != 6:
        raise _not_six(expression, texts)
    warnings: list[str] = []
    starts = list(itertools.accumulate([len(text) + 1 for text in texts[:5]], initial=5))
    if " ".join(texts) != inner:
        warnings.append(doubt("white space other than one blank between two fields"))
        starts = [match.start() + 5 for match in _FIELD.finditer(inner)]
    readers = [FieldReader(*field, warnings) for field in zip(KINDS, texts, starts, strict=True)]
    minutes, hours = readers[0].values(), readers[1].values()
    days_of_month, months = readers[2].days_of_month(), readers[3].values()
    days_of_week, years = readers[4].days_of_week(), readers[5].values()
    if days_of_month.unused == days_of_week.unused:
        start, end = readers[2].start, readers[4].start + len(texts[4])
        raise _not_one_day_field(texts, days_of_month.unused, start, end)
    if 31 in days_of_month.nearest and min(_LENGTHS[month] for month in months) < 31:
        warnings.append("what 31W means in a month without a 31st isn't documented by AWS: read here as no run then")
    return Cron(expression, minutes, hours, days_of_month, months, days_of_week, years, texts, tuple(warnings))


def _not_six(expression: str, texts: Sequence[str]) -> ScheduleError:
    order = " ".join(kind.name for kind in KINDS)
    what, todo = f"cron has six fields, this has {len(texts)}", f"write cron({order})"
    if len(texts) == 5 and "?" in (texts[1], texts[3]):
        what += ": one before the `?` is missing"
    elif len(texts) == 5:
        what += ": the year is missing"
        todo = corrections.write(parse_cron, todo, *corrections.cron(texts))
    elif len(texts) == 7 and corrections.reads(parse_cron, without := f"cron({' '.join(texts[1:])})"):
        what += ": there are no seconds"
        todo = f"write `{without}`"
    return ScheduleError(what, todo, 5, max(len(expression) - 1, 6))


def _not_one_day_field(texts: Sequence[str], unused: bool, start: int, end: int) -> ScheduleError:
    if unused:
        return ScheduleError("both day fields are `?`", "write `*` in one of them", start, end)
    right = " or ".join(f"`{expression}`" for expression in corrections.one_day_field(texts))
    sunday = "; Sunday is 1 here, Monday 2" if re.match(r"\d", texts[4]) else ""
    what = "day-of-month and day-of-week can't both be given"
    return ScheduleError(what, f"write `?` in one of them: {right}{sunday}", start, end)
