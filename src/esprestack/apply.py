"""Plan + backend → Outcome, rule by rule: one that fails stops no other; each is told as done, failed or not tried."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from esprestack.backends.base import Backend
from esprestack.errors import AwsError, Problem
from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Outcome, Result, Step


def apply(
    plan: Plan,
    backend: Backend,
    parallel: int,
    stop: threading.Event,
    told: Callable[[Step], None] = lambda _: None,
) -> Outcome:
    """Carries out the plan's changes: deletions after all others, each rule's calls in their own order.

    `stop` ends it between rules; credentials or a network that are gone end it too. `told` hears of each step.
    """
    waves: list[Sequence[Change]] = [
        [change for change in plan.changing if change.action is not Action.DELETE],
        plan.of(Action.DELETE),
    ]

    def carried_out(change: Change) -> Step:
        step = _step(change, backend, stop)
        told(step)
        return step

    steps: list[Step] = []
    for wave in waves:
        with ThreadPoolExecutor(parallel) as pool:
            steps += pool.map(carried_out, wave)
    return Outcome(plan, tuple(steps))


def _step(change: Change, backend: Backend, stop: threading.Event) -> Step:
    if stop.is_set() or change.write is None:
        return Step(change, Result.NOT_TRIED)
    try:
        backend.write(change.write)
    except AwsError as error:
        if error.final:
            stop.set()
        first = error.problems[0]
        said = Problem(f"{change.action} of `{change.name}` failed: {first.what}", change.where, first.todo)
        return Step(change, Result.FAILED, said)
    return Step(change, Result.DONE)
