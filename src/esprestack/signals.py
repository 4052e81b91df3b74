"""How a step is cancelled: GitHub's runner sends SIGINT, SIGTERM 7.5 seconds later, and kills 2.5 seconds after that.

The container's first process has no default handlers: without these a SIGTERM would be ignored.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def left_to_the_main_thread() -> Iterator[None]:
    """Threads that are started meanwhile get no signal: it wakes the thread that gets it, which has to handle it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class CancelledError(KeyboardInterrupt):
    """Ends what only reads; not an Exception, so that nobody takes it for a failure of theirs."""


def is_cancelled(error: BaseException | None) -> bool:
    """Whether `error` is the cancellation, or came of it.

    Before Python 3.12 what is raised while a class is made (a signal may come during an import) comes out as
    RuntimeError: https://docs.python.org/3/whatsnew/3.12.html#other-language-changes
    """
    while error is not None and not isinstance(error, CancelledError):
        error = error.__cause__ or error.__context__
    return error is not None


class Signals:
    """SIGINT and SIGTERM, listened to from now on."""

    def __init__(self) -> None:
        self.number = 0
        """The first one that came; 0 for none."""
        self.stop = threading.Event()
        """Set where a signal is to end what writes, after the rule in hand."""
        self._waits = False
        for number in _ENDING:
            signal.signal(number, self._came)

    def wait_for_the_rule_in_hand(self) -> None:
        """From now on nothing is torn in two: a signal sets `stop`, and no more."""
        self._waits = True

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it; 0 for none."""
        return 128 + self.number if self.number else 0

    def _came(self, number: int, _: object) -> None:
        self.number = self.number or number
        self.stop.set()
        if not self._waits:
            self._waits = True  # what is told afterwards is told to its end
            raise CancelledError
