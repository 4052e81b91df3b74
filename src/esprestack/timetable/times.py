"""When one rule runs: its expression in its time zone, within its dates, and not while it is disabled.

In: a rule, or its words in a plan; out: its runs, moment by moment or as a set of minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile

from esprestack.config.words import Words
from esprestack.errors import InputError
from esprestack.rule import Home, Rule, Timing
from esprestack.schedule import At, Cron, Dialect, Rate, explain, parse
from esprestack.schedule.clocks import zone
from esprestack.schedule.minutes import MINUTE, Span, minutes_of

_OFTEN = 12
"""Starts within an hour, of a rule that runs every five minutes."""
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When a rule runs. `start`, `end` and `window` are those of EventBridge Scheduler, None elsewhere."""

    schedule: Cron | Rate | At
    home: Home = Home.RULES
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    window: int | None = None
    """Minutes within which a run may begin; None: on time."""
    enabled: bool = True

    @property
    def every(self) -> timedelta | None:
        """Of a rate whose first run nobody knows, how far its runs are apart: their number is known, not their moments.

        A rate counts from its StartDate, and without one from the moment in which AWS took it.
        """
        if isinstance(self.schedule, Rate) and self.schedule.value and self.start is None:
            return self.schedule.period
        return None

    @property
    def is_frequent(self) -> bool:
        """Whether it starts twelve times or more in an hour in which it runs: every five minutes, or more often."""
        match self.schedule:
            case Cron(minutes=minutes):
                return len(minutes) >= _OFTEN
            case Rate(value=value):
                return bool(value) and self.schedule.period * _OFTEN <= timedelta(hours=1)
            case _:
                return False

    @property
    def is_exact(self) -> bool:
        """Whether its runs begin in known minutes."""
        return self.every is None and not self.window

    def runs(self, now: datetime) -> Iterator[datetime]:
        """The runs after `now`, in order, in UTC; none where nobody knows their moments."""
        if not self.enabled or self.every:
            return iter(())
        if isinstance(self.schedule, At):  # StartDate and EndDate don't hold for it
            return self.schedule.runs(now, self.zone)
        if self.start:
            now = max(now, self.start - _MOMENT)
        coming = self.schedule.runs(now, self.zone, self.start)
        return takewhile(lambda run: self.end is None or run <= self.end, coming)

    def minutes(self, span: Span) -> int:
        """The set of the minutes of `span` in which it runs; empty where nobody knows their moments."""
        if not self.enabled or self.every:
            return 0
        found = minutes_of(self.schedule, span, self.zone, self.start)
        if isinstance(self.schedule, At):
            return found
        seconds = timedelta()
        if self.start and isinstance(self.schedule, Rate):  # its runs begin at the same second as the first one
            seconds = timedelta(seconds=self.start.second, microseconds=self.start.microsecond)
        elif self.start:
            found &= span.between(self.start + MINUTE - _MOMENT, span.end)
        return found & span.between(span.begin, self.end - seconds + MINUTE) if self.end else found

    def words(self) -> str:
        """In English: `at 18:15 UTC on weekdays, within 15 minutes, until 2026-12-31 00:00 UTC`."""
        parts = [explain(self.schedule, self.zone_name)]
        if self.window:
            parts.append(f"within {self.window} minute{'' if self.window == 1 else 's'}")
        if not isinstance(self.schedule, At):
            dates = (("from", self.start), ("until", self.end))
            parts += [f"{word} {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for word, moment in dates if moment]
        return ", ".join(parts)

    def count(self, span: Span) -> float:
        """How many runs there are in `span`; on average, of a rate whose moments nobody knows."""
        if self.enabled and self.every:
            return span.length * MINUTE / self.every
        return self.minutes(span).bit_count()


def times_of(rule: Rule) -> Times:
    """When `rule`, whose secrets are opened, runs. Raises ScheduleError for its expression, InputError for its zone."""
    dialect = Dialect.SCHEDULER if rule.home is Home.SCHEDULER else Dialect.RULES
    schedule = parse(rule.schedule_expression, dialect)
    timing, name = rule.timing, rule.timing.timezone or "UTC"
    return Times(
        schedule, rule.home, zone(name), name, timing.start, timing.end, timing.window, enabled=rule.enabled
    )  # fmt: skip


def times_in(words: Words | None) -> Times | None:
    """When the rule runs that `words` are of; None where that can't be read, or there are no words."""
    if not words:
        return None
    window = words.get("flexibleTimeWindow") or {}
    try:
        timing = Timing(
            timezone=str(words.get("timezone") or ""),
            start=_moment(words.get("startDate")),
            end=_moment(words.get("endDate")),
            window=window.get("maximumWindowInMinutes"),
        )
        rule = Rule(
            name="",
            schedule_expression=str(words.get("scheduleExpression", "")),
            target=None,
            enabled=not words.get("disabled"),
            home=Home(words.get("backend") or Home.RULES),
            timing=timing,
        )
        return times_of(rule)
    except (ValueError, InputError):  # a ScheduleError is one too; `(secret)` may stand in any text
        return None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
