"""An AWS that fails on purpose, at any call: by number, by chance, or from one moment on."""

from collections.abc import Callable
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import TypeAlias

from tests.support.aws_front import READ_PREFIXES, AwsFront, _all_failed, _Answer, _refusal, _Request


class Fault(StrEnum):
    """What goes wrong with one call."""

    THROTTLED = "throttled"
    BROKEN = "answered 500"
    DENIED = "denied"
    EXPIRED = "refused for expired credentials"
    CONFLICT = "refused for another write"
    LOST_BEFORE = "lost on the way there"
    LOST_AFTER = "carried out, and its answer lost"
    ENTRY_FAILED = "answered 200 with a failed entry"
    STALE = "answered as it would have been before the last writes"


TRANSIENT = (Fault.THROTTLED, Fault.BROKEN, Fault.CONFLICT, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.ENTRY_FAILED)
"""What asking again mends."""

Chosen: TypeAlias = Callable[[int, str], Fault | None]
"""From a call's number, counted from 0, and its operation to what goes wrong with it."""

_REFUSALS = {
    Fault.THROTTLED: ("ThrottlingException", "Rate exceeded", 400),
    Fault.BROKEN: ("InternalException", "It broke.", 500),
    Fault.DENIED: ("AccessDeniedException", "You may not.", 400),
    Fault.EXPIRED: ("ExpiredTokenException", "The security token is expired.", 400),
    Fault.CONFLICT: ("ConcurrentModificationException", "Somebody else is writing.", 400),
}


def _nothing(_: int, __: str) -> Fault | None:
    return None


class ShakyFront(AwsFront):
    """`choose` says for each call what goes wrong with it; `on_call` hears of each before and after it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.choose: Chosen = _nothing
        self.once: Fault | None = None
        """What goes wrong with each call when it is made the first time, whatever `choose` says."""
        self.on_call: Callable[[int, bool], None] | None = None
        self._answers: dict[tuple[str, bytes], _Answer] = {}
        self._made: set[tuple[str, bytes]] = set()
        self._numbering = Lock()
        self._numbers = count()

    def calm(self) -> None:
        """Nothing goes wrong any more, and calls are numbered anew."""
        self.choose = _nothing
        self.once = None
        self.on_call = None
        self._numbers = count()
        self._answers.clear()
        self._made.clear()

    def _respond(self, request: _Request) -> _Answer | None:
        with self._numbering:
            number = next(self._numbers)
            again = (request.operation, request.body) in self._made
            self._made.add((request.operation, request.body))
        if self.on_call:
            self.on_call(number, False)
        fault = self.once if self.once and not again else self.choose(number, request.operation)
        answer = self._shaken(request, fault)
        if self.on_call:
            self.on_call(number, True)
        return answer

    def _shaken(self, request: _Request, fault: Fault | None) -> _Answer | None:
        match fault:
            case None:
                return self._remembered(request)
            case Fault.LOST_BEFORE:
                return None
            case Fault.LOST_AFTER:
                super()._respond(request)
                return None
            case Fault.ENTRY_FAILED if request.operation in ("PutTargets", "RemoveTargets"):
                return _all_failed(request, "ConcurrentModificationException", "Somebody else is writing.")
            case Fault.STALE:
                return self._answers.get((request.operation, request.body)) or self._remembered(request)
            case _:
                return _refusal(request, *_REFUSALS.get(fault, _REFUSALS[Fault.BROKEN]))

    def _remembered(self, request: _Request) -> _Answer | None:
        """The answer; the first one to each question is what a stale read says later."""
        answer = super()._respond(request)
        if answer and request.operation.startswith(READ_PREFIXES):
            self._answers.setdefault((request.operation, request.body), answer)
        return answer
