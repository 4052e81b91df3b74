"""What a signal makes of a step, wherever it comes."""

import pytest

from esprestack.errors import Problem, RefusedError
from esprestack.signals import CancelledError, is_cancelled


class Interrupted:
    """A class that has one is being made when the signal comes."""

    def __set_name__(self, owner: type, name: str) -> None:
        raise CancelledError


def test_a_cancellation_while_a_class_is_made_is_one() -> None:
    with pytest.raises(BaseException) as caught:
        type("Made", (), {"part": Interrupted()})
    assert is_cancelled(caught.value)


def test_what_fails_because_of_a_cancellation_is_one() -> None:
    error = RefusedError(Problem("the pool is gone"))
    error.__context__ = CancelledError()
    assert is_cancelled(error)


def test_what_fails_by_itself_is_none() -> None:
    assert not is_cancelled(RefusedError(Problem("no")))
