"""What became of a plan, as data: apply makes it, reports read it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from esprestack.errors import Problem
from esprestack.plan.model import Change, Plan


class Result(StrEnum):
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    DIFFERS = "differs"
    """Written, but AWS doesn't say what was written."""
    UNKNOWN = "not known"
    """The run was stopped while it was being written."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one change."""

    change: Change
    result: Result
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits until no run of its rule is due."""

    change: Change
    until: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of a deployment's time line."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan."""

    plan: Plan
    steps: tuple[Step, ...]
    timeline: tuple[Moment, ...] = ()
    """Of a service: its deployment, as it went."""
    lines: tuple[str, ...] = ()
    """Of a service that wasn't deployed: its tasks that didn't stay, with the last lines of their logs."""
    deployment: str = ""
    """What `wait --deployment` takes."""

    @property
    def problems(self) -> list[Problem]:
        return [step.problem for step in self.steps if step.problem]

    def count(self, result: Result) -> int:
        return sum(step.result is result for step in self.steps)
