"""Plans carried out on a backend that only remembers: order, failures, waits and a run that is stopped."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.builders import a_plan, a_rule, live

from esprestack import apply as applying
from esprestack.apply import Applying
from esprestack.backends.base import Write, Writer
from esprestack.errors import AwsError, Problem
from esprestack.plan.model import Plan
from esprestack.plan.outcome import Outcome, Step, Waiting

NIGHTLY = "cron(0 3 * * ? *)"


class Remembering(Writer):
    """A backend of which only writes are asked; `on` says what a rule's write does."""

    def __init__(self, **on: Callable[[], object]) -> None:
        self.on = on
        self.written: list[str] = []
        self.stopped = threading.Event()

    def write(self, write: Write) -> None:
        if act := self.on.get(write.name):
            act()
        self.written.append(write.name)

    def stop(self) -> None:
        self.stopped.set()


def refused(code: str = "ValidationException", *, final: bool = False) -> Callable[[], object]:
    def act() -> None:
        raise AwsError(Problem(f"{code}!"), code, final=final)

    return act


class Stop(threading.Event):
    """A stop whose waits end at once, and are remembered."""

    def __init__(self, *, at_wait: bool = False) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._at_wait = at_wait

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        if self._at_wait:
            self.set()
        return self.is_set()


def carry_out(
    plan: Plan, backend: Remembering, *, stop: threading.Event | None = None, now: str = "12:00:00", parallel: int = 1
) -> tuple[Outcome, list[Step | Waiting]]:
    told: list[Step | Waiting] = []
    clock = datetime.fromisoformat(f"2026-03-02T{now}").replace(tzinfo=UTC)
    (outcome,) = Applying(parallel, stop or threading.Event(), told.append, lambda: clock).carry_out([(plan, backend)])
    return outcome, told


def results(outcome: Outcome) -> dict[str, str]:
    return {step.change.name: str(step.result) for step in outcome.steps}


def test_deletions_come_last_and_each_step_is_told() -> None:
    backend = Remembering()
    plan = a_plan([a_rule("b"), a_rule("c", task_count=2)], [live(a_rule("a")), live(a_rule("c"))], prune=True)
    outcome, told = carry_out(plan, backend)
    assert backend.written == ["b", "c", "a"]
    assert results(outcome) == {"a": "done", "b": "done", "c": "done"}
    assert len(told) == 3


def test_one_that_fails_stops_no_other() -> None:
    backend = Remembering(b=refused())
    outcome, _ = carry_out(a_plan([a_rule("a"), a_rule("b"), a_rule("c")], []), backend)
    assert results(outcome) == {"a": "done", "b": "failed", "c": "done"}
    assert [problem.what for problem in outcome.problems] == ["create of `b` failed: ValidationException!"]


def test_credentials_that_are_gone_stop_all_that_comes_after() -> None:
    backend = Remembering(a=refused("ExpiredTokenException", final=True))
    outcome, _ = carry_out(a_plan([a_rule("a"), a_rule("b")], [live(a_rule("z"))], prune=True), backend)
    assert results(outcome) == {"a": "failed", "b": "not tried", "z": "not tried"}


def test_no_rule_is_deleted_that_may_be_the_old_name_of_one_that_could_not_be_created() -> None:
    backend = Remembering(new=refused("LimitExceededException"))
    outcome, _ = carry_out(a_plan([a_rule("new")], [live(a_rule("old"))], prune=True), backend)
    assert (results(outcome), backend.written) == ({"new": "failed", "old": "not tried"}, [])
    assert "this may be its old name" in outcome.problems[1].what


def test_a_stopped_run_finishes_the_rule_in_hand_and_begins_no_other() -> None:
    stop = threading.Event()
    backend = Remembering(b=stop.set)
    outcome, _ = carry_out(a_plan([a_rule("a"), a_rule("b"), a_rule("c")], []), backend, stop=stop)
    assert results(outcome) == {"a": "done", "b": "done", "c": "not tried"}


def test_a_rule_in_hand_that_does_not_end_is_left_behind_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "GRACE_SECONDS", 0.0)
    stop, released = threading.Event(), threading.Event()

    def hang() -> None:
        stop.set()
        released.wait()

    backend = Remembering(a=hang)
    monkeypatch.setattr(applying, "_LAST_SECONDS", 0.0)
    outcome, _ = carry_out(a_plan([a_rule("a"), a_rule("b")], []), backend, stop=stop)
    released.set()
    assert backend.stopped.is_set(), "what is under way was told to end"
    assert results(outcome) == {"a": "not known", "b": "not tried"}
    assert "whether it was done isn't known" in outcome.problems[0].what


# -- exchanged targets -----------------------------------------------------------------------------------------


def an_exchange(expression: str = NIGHTLY, **members: Any) -> Plan:
    new = a_rule("a", id="new", schedule_expression=expression, **members)
    return a_plan([new], [live(a_rule("a", id="old", schedule_expression=expression, **members))])


def test_a_target_is_exchanged_at_once_when_no_run_is_near() -> None:
    stop, backend = Stop(), Remembering()
    _, told = carry_out(an_exchange(), backend, stop=stop)
    assert (backend.written, stop.waits, len(told)) == (["a"], [], 1)


def test_an_exchange_waits_until_the_run_is_over() -> None:
    stop, backend = Stop(), Remembering()
    _, told = carry_out(an_exchange(), backend, stop=stop, now="02:59:30")
    assert isinstance(told[0], Waiting)
    assert (told[0].until, stop.waits, backend.written) == (datetime(2026, 3, 2, 3, 1, tzinfo=UTC), [90.0], ["a"])


def test_an_exchange_that_waits_is_not_tried_when_the_run_is_stopped() -> None:
    backend = Remembering()
    outcome, _ = carry_out(an_exchange(), backend, stop=Stop(at_wait=True), now="02:59:30")
    assert (results(outcome), backend.written) == ({"a": "not tried"}, [])


def test_exchanges_come_after_the_changes_that_need_not_wait() -> None:
    plan = a_plan(
        [a_rule("a", id="new", schedule_expression=NIGHTLY), a_rule("b")],
        [live(a_rule("a", id="old", schedule_expression=NIGHTLY), None)],
    )
    backend = Remembering()
    carry_out(plan, backend, stop=Stop(), now="02:59:30")
    assert backend.written == ["b", "a"]


def test_an_exchange_is_refused_where_runs_are_near_for_too_long() -> None:
    backend = Remembering()
    outcome, _ = carry_out(an_exchange("cron(0-30 * * * ? *)"), backend, now="10:00:10")
    assert (results(outcome), backend.written) == ({"a": "not tried"}, [])
    assert "until 10:31 UTC a run is always near" in outcome.problems[0].what


@pytest.mark.parametrize("expression", ["rate(1 hour)", "cron(* * * * ? *)"])
def test_a_rule_that_is_never_known_to_be_quiet_is_exchanged_at_once_and_the_plan_says_so(expression: str) -> None:
    stop, backend = Stop(), Remembering()
    plan = an_exchange(expression)
    carry_out(plan, backend, stop=stop, now="02:59:30")
    assert (backend.written, stop.waits) == (["a"], [])
    assert [note for note in plan.notes if "one that is due just then is missed" in note]


def test_a_disabled_rule_has_nothing_to_wait_for() -> None:
    stop, backend = Stop(), Remembering()
    carry_out(an_exchange(enabled=False), backend, stop=stop, now="02:59:30")
    assert (backend.written, stop.waits) == (["a"], [])


@pytest.mark.parametrize(("parallel", "in_hand"), [(1, 1), (2, 4), (3, 6)])
def test_two_rules_are_in_hand_for_each_call_side_by_side_and_one_where_that_is_asked_for(
    parallel: int, in_hand: int
) -> None:
    together = threading.Semaphore(0)
    most = 0
    now = 0
    lock = threading.Lock()

    def act() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            if now == in_hand:
                for _ in range(12):
                    together.release()
        together.acquire(timeout=5)
        with lock:
            now -= 1

    names = [f"r{number:02}" for number in range(12)]
    outcome, _ = carry_out(
        a_plan([a_rule(name) for name in names], []), Remembering(**dict.fromkeys(names, act)), parallel=parallel
    )
    assert set(results(outcome).values()) == {"done"}
    assert most == in_hand
