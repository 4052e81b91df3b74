"""How fast AWS is called: as fast as possible until AWS says that it is too fast, from then on as fast as it allows.

AWS counts the calls of a whole account in a region, EventBridge's to 50 a second
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html): nobody can know beforehand what is left of
it. So all threads share one pace, which learns from the answers.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

BURST = 50
"""Calls that any account may make at once: a second's worth of the quota."""
FEELERS = 8
"""Calls under way at most while it isn't known whether more than BURST are taken: what can be thrown away then."""
_SURE = FEELERS
"""Good answers after which it is known."""
_FIRST, _LATER = 0.94, 0.9
"""The pace after the first refusal, as a part of the quota, and after another one, as a part of what it was."""
_LEAST = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A call that may be made now."""

    number: int
    at: float


class Pace:
    """The pace of one service in one region. `clock` gives seconds."""

    def __init__(self, quota: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        self._changed = threading.Condition()
        self._sent = self._under_way = self._good = 0
        self._slowed_at = self._next = 0.0
        self.rate: float | None = None
        """Calls a second; None as long as AWS has refused nothing."""

    def begin(self, wait: Callable[[float], object]) -> Turn:
        """Returns when it is the caller's turn; `wait` passes so many seconds. Every turn has to `end`."""
        with self._changed:
            while self.rate is None and self._is_feeling and self._under_way >= FEELERS:
                self._changed.wait(1.0)
            now = at = self._clock()
            if self.rate is not None:
                at = max(now, self._next)
                self._next = at + 1 / self.rate
            turn = Turn(self._sent, at)
            self._sent += 1
            self._under_way += 1
        if at > now:
            wait(at - now)
        return turn

    def end(self, turn: Turn, *, throttled: bool) -> None:
        """Learns from the answer: one refusal of those that were under way together slows down, the others don't."""
        with self._changed:
            self._under_way -= 1
            fresh = turn.at >= self._slowed_at
            if throttled and fresh:
                self.rate = self._quota * _FIRST if self.rate is None else max(_LEAST, self.rate * _LATER)
                self._slowed_at = self._clock()
                self._next = max(self._next, self._slowed_at + 1 / self.rate)
            elif not throttled:
                self._good += turn.number >= BURST
                if self.rate is not None and fresh:
                    self.rate += 1 / self.rate  # a second faster by one call a second: others may have stopped
            self._changed.notify_all()

    @property
    def _is_feeling(self) -> bool:
        return self._sent >= BURST and self._good < _SURE
