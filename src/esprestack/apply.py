"""Plans + backends → outcomes, rule by rule: one that fails stops no other; each is done, failed or not tried."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from esprestack.backends.base import Writer
from esprestack.errors import AwsError, Problem
from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Outcome, Result, Step, Waiting
from esprestack.schedule.quiet import quiet_from
from esprestack.signals import left_to_the_main_thread

GRACE_SECONDS = 5.0
"""How long the rules in hand may take when a run is stopped."""
_LAST_SECONDS = 0.5
"""How long calls that were told to end may take to do so."""
_TICK_SECONDS = 0.1
_RULES_PER_WRITE = 2
"""Rules in hand for each of `--parallel`, unless that is 1 (docs/decisions/0005)."""
LONGEST_WAIT = timedelta(minutes=5)
"""How long an exchange of a target waits until the rule is quiet."""


Told: TypeAlias = Callable[[Step | Waiting], None]
Work: TypeAlias = tuple[Plan, Writer]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Task:
    """One change, and which plan it is of."""

    at: int
    change: Change
    backend: Writer


class Applying:
    """One apply: all its plans, and when it has to stop.

    `stop` ends it between rules; credentials or a network that are gone end it too. `told` hears of each step, from
    many threads.
    """

    def __init__(self, parallel: int, stop: threading.Event, told: Told, now: Callable[[], datetime] = utc_now) -> None:
        self._in_hand = parallel if parallel == 1 else _RULES_PER_WRITE * parallel
        self._stop = stop
        self._told = told
        self._now = now

    def carry_out(self, work: Sequence[Work]) -> list[Outcome]:
        """Carries out all changes: deletions after all others, each rule's calls in their own order."""
        tasks = [_Task(at, change, backend) for at, (plan, backend) in enumerate(work) for change in plan.changing]
        deletes = [task for task in tasks if task.change.action is Action.DELETE]
        others = [task for task in tasks if task.change.action is not Action.DELETE]
        others.sort(
            key=lambda task: bool(task.change.write and task.change.write.running_meanwhile)
        )  # last: these may have to wait
        steps = self._wave(others)
        broken = {
            task.at: step.change.name
            for task, step in zip(others, steps, strict=True)
            if step.change.action is Action.CREATE and step.result is not Result.DONE
        }
        kept = [self._said(_kept(task.change, broken[task.at])) for task in deletes if task.at in broken]
        free = [task for task in deletes if task.at not in broken]
        steps += kept + self._wave(free)
        all_tasks = [*others, *(task for task in deletes if task.at in broken), *free]
        return [
            Outcome(plan, tuple(step for task, step in zip(all_tasks, steps, strict=True) if task.at == at))
            for at, (plan, _) in enumerate(work)
        ]

    def _wave(self, tasks: Sequence[_Task]) -> list[Step]:
        """The steps of all tasks, side by side. Who doesn't end in time when the run is stopped is left behind."""
        pool = ThreadPoolExecutor(self._in_hand)
        with left_to_the_main_thread():
            futures = [pool.submit(self._step, task) for task in tasks]
        self._wait_for(futures)
        if any(not future.done() for future in futures):
            for backend in {id(task.backend): task.backend for task in tasks}.values():
                backend.stop()
            wait(futures, _LAST_SECONDS)
        pool.shutdown(wait=False, cancel_futures=True)
        return [_result(task.change, future) for task, future in zip(tasks, futures, strict=True)]

    def _wait_for(self, futures: Sequence[Future[Step]]) -> None:
        patience: float | None = None
        while wait(futures, _TICK_SECONDS).not_done:
            if self._stop.is_set():
                patience = patience or time.monotonic() + GRACE_SECONDS
                if time.monotonic() > patience:
                    return

    def _step(self, task: _Task) -> Step:
        return self._said(self._tried(task))

    def _said(self, step: Step) -> Step:
        self._told(step)
        return step

    def _tried(self, task: _Task) -> Step:
        change = task.change
        if self._stop.is_set() or change.write is None:
            return Step(change, Result.NOT_TRIED)
        if problem := self._not_quiet(change):
            return Step(change, Result.NOT_TRIED, problem)
        if self._stop.is_set():
            return Step(change, Result.NOT_TRIED)
        try:
            task.backend.write(change.write)
        except AwsError as error:
            if error.final:
                self._stop.set()
            first = error.problems[0]
            said = Problem(f"{change.action} of `{change.name}` failed: {first.what}", change.where, first.todo)
            return Step(change, Result.FAILED, said)
        return Step(change, Result.DONE)

    def _not_quiet(self, change: Change) -> Problem | None:
        """Waits until no run of a rule whose target is exchanged is due, or says why that would take too long."""
        expressions = change.write.running_meanwhile if change.write else ()
        now = self._now()
        quiet = quiet_from(expressions, now)
        if quiet is None or quiet == now:  # None: it runs every minute, or nobody knows when; the plan says so
            return None
        if quiet - now > LONGEST_WAIT:
            what = f"the target of `{change.name}` can't be exchanged now: until {quiet:%H:%M} UTC a run is always near"
            return Problem(what, change.where, "apply again after that, or disable the rule for the exchange")
        self._told(Waiting(change, quiet))
        self._stop.wait((quiet - now).total_seconds())
        return None


def _kept(change: Change, broken: str) -> Step:
    """A deletion that isn't made: the rule may be the old name of one that isn't there yet."""
    what = f"`{change.name}` is kept: `{broken}` couldn't be created, and this may be its old name"
    return Step(change, Result.NOT_TRIED, Problem(what, change.where, "mend that, and apply again"))


def _result(change: Change, future: Future[Step]) -> Step:
    if future.cancelled():
        return Step(change, Result.NOT_TRIED)
    if future.done():
        return future.result()
    what = f"{change.action} of `{change.name}` was under way when the run was stopped: whether it was done isn't known"
    return Step(change, Result.UNKNOWN, Problem(what, change.where, "look with: esprestack diff"))
