"""kill -9 at each call of an apply, before and after AWS has carried it out; and two applies at once."""

import contextlib
import json
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

pytestmark = pytest.mark.reliability


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


def ended_at(world: World, zygote: Zygote, number: int, number_of_signal: int, *, answered: bool, options: str) -> int:
    """An apply that gets a signal at a call; its exit code."""
    known = threading.Event()
    child = 0

    def send(call: int, after: bool) -> None:
        if (call, after) == (number, answered):
            known.wait()
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number_of_signal)

    world.front.on_call = send
    child = zygote.start([*APPLY, "--allow", "same-job-twice", *options.split()])
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
        code = ended_at(world, zygote, number, signal.SIGKILL, answered=answered, options="")
        if code == 0:  # it ended before this call, or just after its last one
            break
        assert code == -signal.SIGKILL
        kills += 1
        world.check_state(world.state(), f"killed at call {number}")
        world.check_converges(f"killed at call {number}")
    assert kills > 20


@pytest.mark.parametrize(("sent", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_apply_between_rules_and_the_report_says_how_far_it_came(
    world: World, zygote: Zygote, sent: int, expected: int
) -> None:
    world.restart()
    world.front.clear()
    assert world.apply("--parallel", "1").code == 0
    first_write = next(at for at, call in enumerate(world.front.calls) if call.is_write)
    world.restart()
    options = "--parallel 1 --report report.json"
    assert ended_at(world, zygote, first_write, sent, answered=False, options=options) == expected
    report = json.loads(Path("report.json").read_text())
    results = [change["result"] for plan in report["plans"] for change in plan["changes"] if change["result"]]
    assert results.count("done") == 1, "the rule in hand was finished"
    assert set(results) == {"done", "not tried"}
    world.check_state(world.state(), "stopped")
    world.check_converges("stopped")


@pytest.mark.parametrize("attempt", range(4))
def test_two_applies_at_once_leave_what_one_would_have_left(world: World, attempt: int) -> None:
    world.restart()
    options = PlanOptions(prune=True, max_deletes=9)
    ready = threading.Barrier(2)

    def apply() -> None:
        settings = Settings(Path.cwd(), environ=dict(os.environ), options=options, allow=("same-job-twice",))
        run = Run(settings, Vault())
        planned, problems = jobs.diff_rules(run)
        ready.wait()
        jobs.apply_plans(run, planned, problems, threading.Event(), lambda _: None)

    both = [threading.Thread(target=apply) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    world.check_state(world.state(), "two at once")
    world.check_converges("two at once")
