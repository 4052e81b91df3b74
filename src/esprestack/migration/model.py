"""What flows through a migration: options in, a `Move` for each rule, `News` while it goes on, `Moved` at the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from esprestack.errors import Problem, Where
from esprestack.migration.gap import Gap
from esprestack.migration.pairs import Pair, Stage
from esprestack.rule import Home, LiveRule, Rule
from esprestack.timetable.times import Times

GUARD = timedelta(minutes=5)
"""AWS says that a change takes "a short period of time" to take effect, and no number.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html
"""


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """What a migration was asked for."""

    to: Home = Home.SCHEDULER
    guard: timedelta = GUARD
    """Whole minutes, one at least."""
    role: str = ""
    """For the moved rules; empty: the one that the config says."""
    accept_missed_runs: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One rule on its way: where it is, what is to be made of it, and when."""

    name: str
    where: Where
    to: Home
    stage: Stage
    enabled: bool
    """Whether it is to run in the end: of a rule that doesn't, only the copy is made."""
    pair: Pair
    copy: Rule | None = None
    """What the other home is to have, still disabled, seals and all; None where nothing is left to do, or refused."""
    times: Times | None = None
    """When it runs now; None: a rate that counts from a moment nobody knows."""
    gap: Gap | None = None
    """When it can be switched; None: at any moment."""
    calm: timedelta = timedelta()
    """How far from its runs it is switched."""
    last: datetime | None = None
    """Its last run, where it is known."""
    risk: str = ""
    """What can't be promised of it, going on from "it"; empty: no run is missed or doubled."""
    way_around: str = ""
    """What to do about the risk."""
    refusals: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> LiveRule | None:
        return self.pair.of(self.to.other)

    @property
    def destination(self) -> LiveRule | None:
        return self.pair.of(self.to)

    @property
    def command(self) -> str:
        """What goes on with it."""
        return f"esprestack migrate {'--rollback ' if self.to is Home.RULES else ''}--rule {self.name}"

    @property
    def is_open(self) -> bool:
        """Whether something is left to do, and may be done."""
        return self.stage not in (Stage.MOVED, Stage.ABSENT) and not self.refusals


class Result(StrEnum):
    MOVED = "moved"
    """It lives in the other home, now or already."""
    LATER = "later"
    """Its next gap is later than was to be waited for."""
    STOPPED = "not moved, the run was stopped"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one move."""

    move: Move
    result: Result
    rule: Rule | None = None
    """The rule as it lives in the other home."""
    problems: tuple[Problem, ...] = ()
    gap: Gap | None = None
    """Of LATER: when it can be switched."""
    at: datetime | None = None
    """When it was switched, in this run."""


class Step(StrEnum):
    COPIED = "copied"
    WAITS = "waits"
    HELD = "held"
    """It is in neither home until what the old one may still start is over."""
    SWITCHED = "switched"
    PUT_BACK = "put back"


@dataclass(frozen=True, slots=True)
class News:
    """A step that one move has made, or what it waits for until then."""

    move: Move
    step: Step
    until: datetime | None = None
