"""To which revision a rollback goes, by what the history says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esprestack.services.deployments import Deployment, ServiceNow
from esprestack.services.target import Past, candidates

OK, BAD = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"


def web(number: int) -> str:
    return f"arn:aws:ecs:eu-central-1:1:task-definition/web:{number}"


def a_history(text: str) -> list[Past]:
    """`1 2 3! 2`: what was deployed one after the other; `!` failed."""
    return [Past(web(int(part.rstrip("!"))), BAD if part.endswith("!") else OK) for part in text.split()]


def chosen(history: str | None, current: int, *, beside: int = 0, active: int = 9) -> list[str]:
    """The candidates, best first; `?` marks those of which nobody knows that they ever ran."""
    deployments = [Deployment("ecs-svc/2", "PRIMARY", web(current), state="IN_PROGRESS")]
    deployments += [Deployment("ecs-svc/1", "ACTIVE", web(beside), state="COMPLETED")] if beside else []
    now = ServiceNow("web", "arn", "ACTIVE", "ECS", False, tuple(deployments), ())
    past = None if history is None else a_history(history)
    revisions = [web(number) for number in range(active, 0, -1)]
    found = candidates(now, web(current), past, lambda: revisions)
    return [one.task_definition.rpartition(":")[2] + ("" if one.proven else "?") for one in found]


@pytest.mark.parametrize(
    ("history", "current", "expected"),
    [
        ("1 2", 2, ["1"]),
        ("1 2 3", 3, ["2", "1"]),
        ("1 2 3! 4! 5", 5, ["2", "1"]),
        ("1 2 3!", 2, ["1"]),
        ("1 2 3", 4, ["3", "2", "1"]),
        ("1 2 3!", 3, ["2", "1"]),
        ("1 2 2 3", 3, ["2", "1"]),
        ("1 2 3 2", 2, ["1"]),
        ("1 2 3 2 4", 4, ["2", "1"]),
        ("1 2 3 1", 1, []),
        ("1 3! 2", 2, ["1"]),
        ("3", 3, ["2?"]),
        ("", 3, ["2?"]),
        (None, 3, ["2?"]),
        ("3 4!", 3, []),
        ("", 1, []),
    ],
)
def test_the_target_is_what_succeeded_before_the_current_one(
    history: str | None, current: int, expected: list[str]
) -> None:
    assert chosen(history, current) == expected


def test_without_a_history_what_still_has_tasks_goes_before_a_guess() -> None:
    assert chosen(None, 7, beside=2) == ["2", "6?"]


def test_of_what_is_not_known_only_the_next_active_revision_is_one() -> None:
    assert chosen(None, 9, active=4) == ["4?"]


@settings(max_examples=60)
@given(st.lists(st.integers(1, 4), max_size=8), st.sampled_from([0, 1]))
def test_a_proven_target_has_succeeded_and_a_second_rollback_goes_further_back(numbers: list[int], more: int) -> None:
    history = " ".join(map(str, numbers))
    current = (numbers[-1] if numbers else 1) if not more else 5
    proven = [one for one in chosen(history, current) if "?" not in one]
    assert {int(one) for one in proven} <= set(numbers) - {current}
    if proven:
        again = [one for one in chosen(f"{history} {proven[0]}", int(proven[0])) if "?" not in one]
        assert again == proven[1:]
