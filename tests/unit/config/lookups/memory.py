"""AWS in memory for look-ups: operations are functions, and what they were asked is remembered."""

from collections.abc import Callable, Mapping, Sequence
from threading import Barrier
from typing import Any, NamedTuple, TypeAlias

from esprestack.config.lookups.base import JsonValue, Lookup, LookupMissError, LookupPendingError
from esprestack.errors import AwsError, Problem

Operation: TypeAlias = Callable[..., dict[str, Any]]

SOON = 5
"""Seconds that calls wait for each other: only a test that fails takes so long."""


class MemoryAws:
    """The client that look-ups are handed. `operations` by service and name: `ssm.get_parameters`."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self.calls: list[dict[str, Any]] = []
        """The parameters of every call."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        assert len(self.calls) < 1000, "calls without end"
        return self._operations[f"{service}.{operation}"](**parameters)


def together(calls: int, operation: Operation) -> Operation:
    """`operation`, which answers when so many calls of it wait for an answer at the same time."""
    barrier = Barrier(calls, timeout=SOON)

    def answer(**parameters: Any) -> dict[str, Any]:
        barrier.wait()
        return operation(**parameters)

    return answer


def refusal(code: str, said: str = "AWS says no", todo: str = "", *, final: bool = False) -> AwsError:
    """AWS's no."""
    return AwsError(Problem(said, todo=todo), code, final=final)


class Miss(NamedTuple):
    """What a function says that has no answer."""

    what: str
    todo: str
    code: str


Call: TypeAlias = Sequence[str]
"""A function's name and what it is given."""

Told: TypeAlias = "JsonValue | Miss"


def ask(lookup: Lookup, *calls: Call) -> list[Told]:
    """What `calls` come to, in one round: all are made, the answers are fetched, and all are made again."""
    for call in calls:
        _made(lookup, call)
    lookup.fetch()
    return [_made(lookup, call) for call in calls]


def _made(lookup: Lookup, call: Call) -> Told:
    name, *arguments = call
    try:
        return lookup.functions[name](*arguments)
    except LookupMissError as miss:
        return Miss(miss.what, miss.todo, miss.code)
    except LookupPendingError:
        return "(pending)"
