"""What look-ups that ask somebody have in common: questions are noted, answers and misses are kept."""

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from esprestack.config.lookups.base import LookupMissError, LookupPendingError
from esprestack.errors import AwsError

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")

_SIDE_BY_SIDE = 8
"""Calls of one look-up at a time: SSM and CloudFormation allow some 40 and 10 a second."""


class Asked(Generic[_Question, _Answer]):
    """Questions of one kind, each asked once."""

    def __init__(self) -> None:
        self._waiting: dict[_Question, None] = {}
        self._answers: dict[_Question, _Answer | LookupMissError] = {}
        self._lock = threading.Lock()

    def answer(self, question: _Question) -> _Answer:
        """The answer, if it is here. Raises its miss, or LookupPendingError."""
        if question not in self._answers:
            self._waiting[question] = None
            raise LookupPendingError
        answer = self._answers[question]
        if isinstance(answer, LookupMissError):
            raise answer
        return answer

    def take(self) -> list[_Question]:
        """What was asked since the last time."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def put(self, question: _Question, answer: _Answer | LookupMissError) -> None:
        with self._lock:
            self._answers[question] = answer


def side_by_side(work: Callable[[_Question], None], questions: Collection[_Question]) -> None:
    """`work` for each question in a few threads. After an error nothing new begins, and it is raised at the end."""
    if not questions:
        return
    failed = threading.Event()

    def begin(question: _Question) -> None:
        if failed.is_set():
            return
        try:
            work(question)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(questions))) as pool:
        for done in [pool.submit(begin, question) for question in questions]:
            done.result()


def miss_of(error: AwsError, what: str, codes: Iterable[str], todo: str) -> LookupMissError:
    """AWS's answer as a miss: one of `codes` says that `what` isn't there. An error that is final is raised."""
    if error.final:
        raise error
    if error.code in codes:
        return LookupMissError(what, todo, "not-found")
    problem = error.problems[0]
    return LookupMissError(problem.what, problem.todo or "see AWS's message", "refused")
