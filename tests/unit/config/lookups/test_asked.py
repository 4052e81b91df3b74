"""What look-ups that ask somebody have in common: a question is asked once, and many are asked side by side."""

from threading import Barrier, Lock

import pytest
from tests.unit.config.lookups.memory import SOON, refusal

from esprestack.config.lookups.asked import Asked, miss_of, side_by_side
from esprestack.config.lookups.base import LookupMissError, LookupPendingError
from esprestack.errors import AwsError

# -- questions and answers -------------------------------------------------------------------------------------


def noted(*questions: str) -> Asked[str, str]:
    """Questions that wait for their answers."""
    asked: Asked[str, str] = Asked()
    for question in questions:
        with pytest.raises(LookupPendingError):
            asked.answer(question)
    return asked


def test_a_question_is_pending_until_its_answer_is_put() -> None:
    asked = noted("a", "a")
    asked.put("a", "answer")
    assert asked.answer("a") == "answer"


def test_questions_are_taken_once_each_in_the_order_in_which_they_came() -> None:
    asked = noted("b", "a", "b", "c")
    assert asked.take() == ["b", "a", "c"]
    assert asked.take() == []


def test_a_question_that_is_answered_is_not_asked_again() -> None:
    asked = noted("a")
    asked.take()
    asked.put("a", "answer")
    asked.answer("a")
    assert asked.take() == []


@pytest.mark.parametrize("empty", ["", None, 0, {}])
def test_an_empty_answer_is_one(empty: object) -> None:
    asked: Asked[str, object] = Asked()
    asked.put("a", empty)
    assert asked.answer("a") == empty


def test_a_miss_is_told_to_everybody_who_asks() -> None:
    asked = noted("a")
    asked.put("a", LookupMissError("there is no `a`", "make one"))
    for _ in range(2):
        with pytest.raises(LookupMissError, match="there is no `a`"):
            asked.answer("a")


# -- side by side ----------------------------------------------------------------------------------------------


class Work:
    """Work that notes what it was done for, and how much of it was under way at a time."""

    def __init__(self, meeting: int = 1) -> None:
        self.begun: list[int] = []
        self.most = self._now = 0
        self._lock = Lock()
        self._barrier = Barrier(meeting, timeout=SOON)

    def do(self, question: int) -> None:
        with self._lock:
            self.begun.append(question)
            self._now += 1
            self.most = max(self.most, self._now)
        self._barrier.wait()
        with self._lock:
            self._now -= 1


def test_questions_are_asked_side_by_side_but_not_too_many_at_a_time() -> None:
    work = Work(meeting=8)
    side_by_side(work.do, range(32))
    assert sorted(work.begun) == list(range(32))
    assert work.most == 8


def test_few_questions_are_asked_all_at_once() -> None:
    work = Work(meeting=3)
    side_by_side(work.do, range(3))
    assert work.most == 3


def test_no_questions_are_no_work() -> None:
    work = Work()
    side_by_side(work.do, [])
    assert work.begun == []


def test_after_an_error_what_is_under_way_ends_and_nothing_new_begins() -> None:
    work = Work(meeting=8)

    def fail(question: int) -> None:
        work.do(question)
        raise ValueError(question)

    with pytest.raises(ValueError, match="0"):
        side_by_side(fail, range(100))
    assert sorted(work.begun) == list(range(8))


# -- refusals --------------------------------------------------------------------------------------------------


def told(error: AwsError) -> tuple[str, str, str]:
    miss = miss_of(error, "there is no `a`", ("NotFound", "Gone"), "check its name")
    return miss.what, miss.todo, miss.code


@pytest.mark.parametrize("code", ["NotFound", "Gone"])
def test_a_refusal_that_says_that_nothing_is_there_is_told_in_our_words(code: str) -> None:
    assert told(refusal(code)) == ("there is no `a`", "check its name", "not-found")


def test_any_other_refusal_is_told_in_awss_words_with_the_next_step() -> None:
    assert told(refusal("AccessDenied", todo="allow it")) == ("AWS says no", "allow it", "refused")
    assert told(refusal("Odd")) == ("AWS says no", "see AWS's message", "refused")


@pytest.mark.parametrize("code", ["NoCredentials", "NotFound"])
def test_a_refusal_after_which_no_call_can_succeed_is_no_miss(code: str) -> None:
    with pytest.raises(AwsError, match="AWS says no"):
        told(refusal(code, final=True))
