"""EventBridge and its Scheduler as they act on what is written, on one clock: what they start, and when.

A change takes effect after a delay of up to the guard, in the order of changes. A run begins at some second of its
minute, and it does so once; a rate counts from the moment a rule was made, and from a schedule's StartDate.
"""

import bisect
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from esprestack.rule import Home
from esprestack.schedule import Rate, parse

MINUTE = timedelta(minutes=1)


class KilledError(BaseException):
    """The end of a run that nobody catches."""


@dataclass(frozen=True, slots=True)
class Change:
    """What holds from `since` on."""

    since: datetime
    runs: bool
    anchor: datetime | None = None
    """What a rate counts from."""


@dataclass(slots=True)
class Acting:
    """One rule or schedule as it acts, whatever AWS says of it by now."""

    changes: list[Change] = field(default_factory=list)

    def now_is(self, moment: datetime, runs: bool, anchor: datetime | None) -> None:
        since = max([moment, *(change.since for change in self.changes[-1:])])
        self.changes.append(Change(since, runs, anchor))

    def at(self, moment: datetime) -> Change | None:
        number = bisect.bisect_right(self.changes, moment, key=lambda change: change.since)
        return self.changes[number - 1] if number else None


class Bus:
    """All rules and schedules of one account from `begin` on. Delays are drawn from `chance`."""

    def __init__(self, begin: datetime, guard: timedelta, chance: random.Random) -> None:
        self.begin = begin
        self._guard = guard
        self._chance = chance
        self.expressions: dict[str, str] = {}
        self.acting: dict[tuple[str, Home], Acting] = {}
        self.made: dict[str, datetime] = {}
        """When each rule was made."""

    def has_rule(self, name: str, expression: str, made: datetime, *, runs: bool) -> None:
        self.expressions[name] = expression
        self.made[name] = made
        self.acting[name, Home.RULES] = Acting([Change(made, runs, made)])
        self.acting[name, Home.SCHEDULER] = Acting()

    def write(self, now: datetime, operation: str, given: Mapping[str, Any]) -> None:
        """What a call that was carried out changes, after a while."""
        name = given.get("Name", "")
        match operation:
            case "disable_rule" | "enable_rule":
                self.acting[name, Home.RULES].now_is(
                    self._effective(now), operation == "enable_rule", self.made[name]
                )  # fmt: skip
            case "create_schedule" | "update_schedule":
                self.acting[name, Home.SCHEDULER].now_is(
                    self._effective(now), given["State"] == "ENABLED", given.get("StartDate")
                )  # fmt: skip

    def _effective(self, now: datetime) -> datetime:
        """Mostly at once, at times as late as AWS may."""
        late = self._chance.choice((0.0, 0.01, self._chance.random(), 1.0))
        return now + late * self._guard

    # -- what it starts ----------------------------------------------------------------------------------------

    def due(self, name: str, end: datetime) -> list[datetime]:
        """The minutes of a cron expression from `begin` until `end`."""
        schedule = parse(self.expressions[name])
        return list(takewhile(lambda run: run < end, schedule.runs(self.begin)))

    def starts(self, name: str, end: datetime) -> Counter[datetime]:
        """How often each minute's run of a cron expression is started, by whichever home."""
        found: Counter[datetime] = Counter()
        for run in self.due(name, end):
            for home in Home:
                change = self.acting[name, home].at(run + self._second(name, run, home, 60))
                found[run] += bool(change and change.runs)
        return found

    def rate_starts(self, name: str, home: Home, begin: datetime, end: datetime) -> Iterator[datetime]:
        """When a rate is started by one home, in order."""
        schedule, acting = parse(self.expressions[name]), self.acting[name, home]
        assert isinstance(schedule, Rate)
        for number, change in enumerate(acting.changes):
            until = acting.changes[number + 1].since if number + 1 < len(acting.changes) else end
            if change.runs and change.anchor:
                first = max(begin, change.since) - timedelta(seconds=10)
                for run in takewhile(lambda run: run < end, schedule.runs(first, anchor=change.anchor)):
                    moment = run + self._second(name, run, home, 5)
                    if max(begin, change.since) <= moment < min(until, end):
                        yield moment
                    elif moment >= until:
                        break

    def _second(self, name: str, run: datetime, home: Home, most: int) -> timedelta:
        """How late it begins: the same whenever it is asked."""
        return timedelta(seconds=zlib.crc32(f"{name} {run} {home}".encode()) % most)


def an_expression(chance: random.Random, now: datetime) -> str:
    """Of all kinds; most of them run within the hours to come."""
    minute, hour = chance.randrange(60), (now.hour + chance.randrange(4)) % 24
    few = ",".join(map(str, sorted(chance.sample(range(60), chance.randint(1, 5)))))
    return chance.choice(
        (
            f"cron(0/{chance.choice((1, 2, 3, 5, 6, 7, 10, 11, 12, 13, 15, 20, 30))} * * * ? *)",
            f"cron({few} * * * ? *)",
            f"cron({few} {hour}-23 * * ? *)",
            f"cron({minute} {hour} * * ? *)",
            f"cron({minute} {hour},{(hour + 5) % 24} ? * MON-FRI *)",
            f"cron(*/{chance.randint(2, 40)} {hour}/2 * * ? {now.year})",
            f"cron({minute} {hour} L * ? *)",
            f"cron({minute} {hour} {now.day}W * ? *)",
            f"cron({minute} */{chance.randint(1, 6)} ? * {now.isoweekday() % 7 + 1}#{(now.day - 1) // 7 + 1} *)",
            f"cron(* {hour} ? * * *)",
            f"rate({chance.choice((2, 5, 9, 10, 12, 15, 20, 30, 45))} minutes)",
            f"rate({chance.randint(2, 6)} hours)",
            "rate(1 hour)",
            "rate(1 day)",
        )
    )


def a_moment(chance: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(360 * 86_400))
