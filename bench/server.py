"""An AWS in a process of its own, so that it takes no time from the program's: with latency, a quota and a memory."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from threading import Lock
from types import TracebackType
from typing import Any, Self

from tests.aws.account import Account
from tests.support.shaky_front import Fault, ShakyFront

LATENCY = 0.030
"""Seconds that each call takes longer."""
REGION = "eu-central-1"


class Server:
    """`with Server() as server:` is an AWS at `server.url` until the block ends."""

    def __enter__(self) -> Self:
        self._ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.url: str = self._ours.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()

    def has(self, rules: int, *, quota: float = 0.0) -> None:
        """Begins anew with the first `rules` of `configs.config`; `quota` calls a second, 0 for any number."""
        self._ask("has", rules, quota)

    def remember(self) -> None:
        """Answers repeated reads from memory: moto's own time isn't measured."""
        self._ask("remember")

    def counts(self) -> tuple[int, int]:
        """Calls since the last time, and how many of them were refused as too many."""
        made, refused = self._ask("counts")
        return made, refused

    def _ask(self, *what: Any) -> Any:
        self._ours.send(what)
        return self._ours.recv()


class _Quota:
    """A bucket that holds a second's calls: the call that finds it empty is refused."""

    def __init__(self, rate: float) -> None:
        self._rate = self._left = rate
        self._filled = time.monotonic()
        self._lock = Lock()
        self.refused = 0

    def choose(self, _: int, __: str) -> Fault | None:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._rate, self._left + (now - self._filled) * self._rate)
            self._filled = now
            if self._left >= 1:
                self._left -= 1
                return None
            self.refused += 1
            return Fault.THROTTLED


def _serve(pipe: Connection) -> None:
    with ShakyFront() as front:
        account = Account(front)
        pipe.send(front.url)
        quota = _Quota(0)
        while True:
            match pipe.recv():
                case ("has", rules, rate):
                    front.reset()
                    front.calm()
                    quota = _Quota(rate)
                    _begin(account, rules)
                    front.latency = LATENCY
                    if rate:
                        front.choose = quota.choose
                    pipe.send(None)
                case ("remember",):
                    front.freeze()
                    pipe.send(None)
                case ("counts",):
                    pipe.send((len(front.calls), quota.refused))
                    front.clear()
                    quota.refused = 0


def _begin(account: Account, rules: int) -> None:
    from bench.configs import live_rule

    account.has_task_definitions("reports")
    for number in range(rules):
        live_rule(account, number)
