"""The face of a look-up: named functions from texts to a text, and the way to say that something is missing."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

Function: TypeAlias = Callable[..., str]


class LookupMissError(Exception):
    """A function has no answer. The template goes on, so that all misses are reported together."""

    def __init__(self, what: str, todo: str, code: str = "not-given") -> None:
        self.what = what
        self.todo = todo
        self.code = code
        super().__init__(what)


class Lookup(Protocol):
    """One kind of look-up; `functions` are the names that templates call."""

    @property
    def functions(self) -> Mapping[str, Function]: ...
