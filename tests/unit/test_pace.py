"""The pace of calls: fast until AWS refuses, then as fast as it allows."""

from threading import Thread

import pytest

from esprestack.pace import BURST, FEELERS, Pace, Turn


class Clock:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(50.0, clock)


def call(pace: Pace, clock: Clock, *, throttled: bool = False) -> Turn:
    turn = pace.begin(clock.wait)
    clock.now += 0.01
    pace.end(turn, throttled=throttled)
    return turn


def test_nothing_waits_as_long_as_nothing_is_refused(pace: Pace, clock: Clock) -> None:
    turns = [pace.begin(clock.wait) for _ in range(BURST)]
    assert (clock.now, [turn.number for turn in turns]) == (0.0, list(range(BURST)))
    for turn in turns:
        pace.end(turn, throttled=False)
    for _ in range(1000):
        call(pace, clock)
    assert clock.now == pytest.approx(10.0), "only what the calls themselves take"
    assert pace.rate is None


def test_after_a_burst_few_are_under_way_until_it_is_known_that_more_are_taken(pace: Pace, clock: Clock) -> None:
    for _ in range(BURST):
        call(pace, clock)
    turns = [pace.begin(clock.wait) for _ in range(FEELERS)]
    got: list[Turn] = []
    late = Thread(target=lambda: got.append(pace.begin(clock.wait)))
    late.start()
    late.join(0.02)
    assert not got, "the ninth waits for an answer"
    pace.end(turns.pop(), throttled=False)
    late.join()
    assert got[0].number == BURST + FEELERS


def test_who_waits_for_an_answer_goes_on_at_a_pace_when_it_is_a_refusal(pace: Pace, clock: Clock) -> None:
    for _ in range(BURST):
        call(pace, clock)
    turns = [pace.begin(clock.wait) for _ in range(FEELERS)]
    got: list[Turn] = []
    late = Thread(target=lambda: got.append(pace.begin(clock.wait)))
    late.start()
    pace.end(turns.pop(), throttled=True)
    late.join()
    assert got[0].at > 0


def test_after_a_refusal_calls_are_spread_a_little_below_the_quota(pace: Pace, clock: Clock) -> None:
    call(pace, clock, throttled=True)
    assert pace.rate == 47.0
    began = clock.now
    for _ in range(94):
        pace.end(pace.begin(clock.wait), throttled=False)
    assert 1.9 < clock.now - began < 2.1


def test_refusals_of_calls_that_were_under_way_together_slow_down_once(pace: Pace, clock: Clock) -> None:
    turns = [pace.begin(clock.wait) for _ in range(20)]
    clock.now = 0.03
    for turn in turns:
        pace.end(turn, throttled=True)
    assert pace.rate == 47.0


def test_a_later_refusal_slows_down_further_and_good_answers_speed_up_again(pace: Pace, clock: Clock) -> None:
    call(pace, clock, throttled=True)
    call(pace, clock, throttled=True)
    assert pace.rate == pytest.approx(42.3)
    for _ in range(43):
        call(pace, clock)
    assert pace.rate == pytest.approx(43.3, abs=0.05), "by one call a second each second"


def test_it_never_stands_still(pace: Pace, clock: Clock) -> None:
    for _ in range(100):
        call(pace, clock, throttled=True)
    assert pace.rate == 1.0


def test_the_pace_settles_at_what_a_server_allows(pace: Pace, clock: Clock) -> None:
    """A bucket of 50 that refills by 50 a second, and one call after the other at 1 ms each."""
    tokens, filled, refused, calls = 50.0, 0.0, 0, 0
    while clock.now < 60:
        turn = pace.begin(clock.wait)
        tokens = min(50.0, tokens + (clock.now - filled) * 50)
        filled = clock.now
        taken = tokens >= 1
        tokens -= taken
        refused += not taken
        calls += 1
        clock.now += 0.001
        pace.end(turn, throttled=not taken)
    assert refused / calls < 0.01
    assert (calls - refused) / 60 > 46
