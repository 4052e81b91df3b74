"""The face of a look-up: named functions from texts to a value, and the ways to say that there is none (yet).

A look-up that has to ask somebody else notes the question, raises LookupPendingError, and answers when the template
is rendered again after `fetch`. So all questions of a file go out together, in batches and side by side.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
Function: TypeAlias = Callable[..., JsonValue]
"""Takes texts. Templates write a text answer as it is and any other as JSON; Jsonnet takes it as a value."""


class LookupMissError(Exception):
    """A function has no answer. The template goes on, so that all misses are reported together."""

    def __init__(self, what: str, todo: str, code: str = "not-given") -> None:
        self.what = what
        self.todo = todo
        self.code = code
        super().__init__(what)


class LookupPendingError(Exception):
    """The answer isn't here yet; it is after the next `fetch`."""


class LookupUnknownError(Exception):
    """Nobody may be asked in this run (offline): the value stays unknown, which is nobody's mistake."""


class Lookup(Protocol):
    """One kind of look-up; `functions` are the names that templates call."""

    @property
    def functions(self) -> Mapping[str, Function]: ...

    def fetch(self) -> None:
        """Gets everything that was asked for since the last time. An answer that says no becomes the miss of the
        function that asked; AwsError is raised only where no further call can succeed (`error.final`)."""


class Client(Protocol):
    """What look-ups in AWS are handed: esprestack.aws.Aws, which config/ must not know. Raises AwsError."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]: ...


class Local:
    """What look-ups have in common that know every answer at once."""

    def fetch(self) -> None:
        return
