"""kill -9 at each call of an apply, before and after AWS has carried it out; and two applies at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.aws.reliability.world import APPLY, World
from tests.support.zygote import Zygote

from esprestack import jobs
from esprestack.plan.make import PlanOptions
from esprestack.run import Run, Settings
from esprestack.secrets import Vault


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


def killed_at(world: World, zygote: Zygote, number: int, *, answered: bool) -> int:
    """An apply that is killed at a call; its exit code."""
    known = threading.Event()
    child = 0

    def kill(call: int, after: bool) -> None:
        if (call, after) == (number, answered):
            known.wait()
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    world.front.on_call = kill
    child = zygote.start([*APPLY, "--allow", "same-job-twice"])
    known.set()
    code = zygote.end()
    world.front.on_call = None
    return code


@pytest.mark.parametrize("answered", [False, True], ids=["unanswered", "answered"])
def test_an_apply_that_is_killed_at_any_call_leaves_nothing_doubled_and_the_next_one_converges(
    world: World, zygote: Zygote, answered: bool
) -> None:
    kills = 0
    for number in range(100):
        world.restart()
        code = killed_at(world, zygote, number, answered=answered)
        if code == 0:  # it ended before this call, or just after its last one
            break
        assert code == -signal.SIGKILL
        kills += 1
        world.check_state(world.state(), f"killed at call {number}")
        world.check_converges(f"killed at call {number}")
    assert kills > 20


@pytest.mark.parametrize("attempt", range(4))
def test_two_applies_at_once_leave_what_one_would_have_left(world: World, attempt: int) -> None:
    world.restart()
    options = PlanOptions(prune=True, max_deletes=9)
    ready = threading.Barrier(2)

    def apply() -> None:
        settings = Settings(Path.cwd(), environ=dict(os.environ), options=options, allow=("same-job-twice",))
        run = Run(settings, Vault())
        planned, problems = jobs.diff(run)
        ready.wait()
        jobs.apply_plans(run, planned, problems, threading.Event(), lambda _: None)

    both = [threading.Thread(target=apply) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    world.check_state(world.state(), "two at once")
    world.check_converges("two at once")
