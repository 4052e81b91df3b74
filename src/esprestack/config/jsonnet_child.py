"""Runs esprestack.config.jsonnet_worker: starts it, answers what it asks, kills it when it takes too long.

In: the job, and who answers; out: the child's last word. The child gets an empty environment, so that a config that
breaks out of Jsonnet finds no credentials there.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeAlias, cast

Message: TypeAlias = dict[str, Any]
"""A line of the protocol, a JSON object; jsonnet_worker says which there are."""

_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""All of the environment that the child gets: what Python may need to start."""

_TODO = "look for what repeats or grows without an end"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one evaluation: `seconds` by the clock, `memory` in bytes, `characters` of the result and of all imports."""

    seconds: float = 10
    memory: int = 1 << 29
    characters: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Last:
    """How an evaluation ended: with a `text`, with Jsonnet's own `error`, or because of a `limit`."""

    text: str | None = None
    error: str = ""
    limit: str = ""
    todo: str = ""


def converse(job: Message, answer: Callable[[Message], Message], limits: Limits) -> Last:
    """The end of `job`. `answer` is asked for each import and each call of a native function."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", "esprestack.config.jsonnet_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    deadline = threading.Timer(limits.seconds, end)
    deadline.daemon = True
    deadline.start()
    # The processor's time is bounded in case that nobody is left to kill the child.
    bounds = {"seconds": math.ceil(limits.seconds) + 1, "memory": limits.memory, "characters": limits.characters}
    last: Message = {}
    try:
        with contextlib.suppress(BrokenPipeError):
            last = _talk(child, job | bounds, answer)
    finally:
        deadline.cancel()
        child.kill()
        with contextlib.suppress(BrokenPipeError):
            child.communicate()
    if "large" in last:
        return Last(
            limit=f"the result has {last['large']:,} characters, the most are {limits.characters:,}", todo=_TODO
        )
    if last:
        return Last(last.get("text"), last.get("error", ""))
    if late.is_set():
        return Last(limit=f"the evaluation doesn't end within {limits.seconds:g} seconds", todo=_TODO)
    if child.returncode > 0:
        return Last(limit="Jsonnet can't be started", todo="is the package `jsonnet` installed?")
    return Last(limit=f"the evaluation needs more than {limits.memory >> 20} MB of memory", todo=_TODO)


def _talk(child: "subprocess.Popen[bytes]", message: Message, answer: Callable[[Message], Message]) -> Message:
    """The child's last message; empty if it broke off."""
    to_child, from_child = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    while True:
        # A lone surrogate, from an environment that isn't UTF-8, would crash Jsonnet.
        to_child.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        to_child.flush()
        line = from_child.readline()
        if not line.endswith(b"\n"):
            return {}
        asked: Message = json.loads(line)
        if "import" not in asked and "call" not in asked:
            return asked
        message = answer(asked)
