"""What is asked again, how often, and after which wait."""

import pytest

from esprestack.errors import Again, AwsError, Problem
from esprestack.retries import ATTEMPTS, CONFLICT_ATTEMPTS, LONGEST_WAIT, THROTTLED_SECONDS, Tries, again


@pytest.fixture(autouse=True)
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)


def waits(kind: Again, tries: Tries | None = None) -> list[float]:
    """The waits between the tries of a call that fails in this way every time."""
    tries = tries or Tries()
    error = AwsError(Problem("no"), again=kind)
    found: list[float] = []
    while (seconds := tries.wait_after(error)) is not None and len(found) < 100:
        found.append(seconds)
    return found


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, Again.THROTTLED),
        ("Unheard", 429, Again.THROTTLED),
        ("ThrottlingException", 503, Again.THROTTLED),
        ("ConcurrentModificationException", 400, Again.CONFLICT),
        ("InternalException", 500, Again.TRANSIENT),
        ("InternalException", 200, Again.TRANSIENT),
        ("502", 502, Again.TRANSIENT),
        ("RequestTimeout", 400, Again.TRANSIENT),
        ("LimitExceededException", 400, Again.NO),
        ("AccessDeniedException", 400, Again.NO),
        ("ExpiredTokenException", 400, Again.NO),
        ("ValidationException", 400, Again.NO),
        ("ManagedRuleException", 400, Again.NO),
        ("NotImplemented", 501, Again.NO),
    ],
)
def test_what_aws_answers_says_whether_to_ask_again(code: str, status: int, expected: Again) -> None:
    assert again(code, status) is expected


def test_what_no_answer_can_change_is_tried_once() -> None:
    assert waits(Again.NO) == []


def test_a_failure_is_tried_five_times_and_two_writers_at_once_six() -> None:
    assert len(waits(Again.TRANSIENT)) == ATTEMPTS - 1
    assert len(waits(Again.CONFLICT)) == CONFLICT_ATTEMPTS - 1


def test_aws_max_attempts_overrides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    assert len(waits(Again.TRANSIENT)) == len(waits(Again.THROTTLED)) == 1


@pytest.mark.parametrize("given", ["", "0", "many", "-1"])
def test_an_aws_max_attempts_that_is_none_is_as_if_it_were_not_there(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", given)
    assert len(waits(Again.TRANSIENT)) == ATTEMPTS - 1


def test_a_throttle_is_waited_out_for_two_minutes() -> None:
    times = iter([0.0, 1.0, 30.0, THROTTLED_SECONDS, THROTTLED_SECONDS + 1])
    tries = Tries(times.__next__)
    error = AwsError(Problem("slower"), again=Again.THROTTLED)
    assert [tries.wait_after(error) is not None for _ in range(4)] == [True, True, True, False]


def test_waits_grow_and_stay_bounded() -> None:
    longest = [max(waits(kind)[at] for _ in range(200)) for kind in (Again.TRANSIENT,) for at in range(4)]
    assert longest == sorted(longest)
    assert max(waits(Again.THROTTLED)) <= LONGEST_WAIT
