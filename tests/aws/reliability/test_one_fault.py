"""One thing goes wrong, at each call of an apply in turn. The invariants are checked on the server's state."""

import pytest
from tests.aws.reliability.world import World
from tests.support.shaky_front import TRANSIENT, Chosen, Fault

pytestmark = pytest.mark.reliability


def at(number: int, fault: Fault) -> Chosen:
    return lambda call, _: fault if call == number else None


def since(number: int, fault: Fault) -> Chosen:
    return lambda call, _: fault if call >= number else None


def calls_of_an_apply(world: World) -> int:
    world.restart()
    world.front.clear()
    assert world.apply().code == 0
    return len(world.front.calls)


@pytest.mark.parametrize("fault", [Fault.DENIED, Fault.EXPIRED, Fault.LOST_AFTER, Fault.ENTRY_FAILED])
def test_whatever_call_fails_for_good_nothing_is_doubled_or_lost_and_the_next_apply_converges(
    world: World, fault: Fault
) -> None:
    for number in range(calls_of_an_apply(world)):
        world.restart()
        said = world.apply(choose=at(number, fault))
        world.check(said, f"call {number} {fault}")


@pytest.mark.parametrize("fault", [Fault.EXPIRED, Fault.LOST_BEFORE])
def test_from_whatever_call_on_everything_fails_nothing_is_doubled_or_lost(world: World, fault: Fault) -> None:
    for number in range(calls_of_an_apply(world)):
        world.restart()
        said = world.apply(choose=since(number, fault))
        assert said.code == 1, f"everything {fault} from call {number} on"
        world.check(said, f"everything {fault} from call {number} on")


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_failure_that_passes_is_not_even_noticed(world: World, fault: Fault, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_MAX_ATTEMPTS", "2")
    world.restart()
    world.front.once = fault
    said = world.apply()
    assert said.code == 0, said.err
    assert world.state() == world.wanted


@pytest.mark.parametrize("reads", [1, 3, 10])
def test_reads_that_are_stale_after_the_writes_are_asked_again(
    world: World, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from esprestack import jobs

    monkeypatch.setattr(jobs, "READ_BACK_SECONDS", 1e9)
    world.restart()
    left = reads

    def stale_after_writes(_: int, operation: str) -> Fault | None:
        nonlocal left
        if operation.startswith(("Put", "Remove", "Delete", "Tag", "Untag")):
            stale_after_writes.wrote = True  # type: ignore[attr-defined]
        elif getattr(stale_after_writes, "wrote", False) and left:
            left -= 1
            return Fault.STALE
        return None

    said = world.apply(choose=stale_after_writes)
    assert (said.code, left) == (0, 0), said.err
    assert world.state() == world.wanted
