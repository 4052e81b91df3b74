"""The few kinds of error: each says what is wrong, where, and what to do about it.

Front ends print them; nobody else does. `reason` is the word in the action's output `failure-reason`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file that a person can open; line and column count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Severity(StrEnum):
    """How bad a problem is. All but warnings stop an apply; all but errors can be allowed by their code."""

    ERROR = "error"
    """The config or the request itself can't be understood."""
    REFUSED = "refused"
    """AWS would refuse it."""
    NEVER_RUNS = "never-runs"
    """AWS takes it, and then the task doesn't start, or not when it should."""
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `todo` is the next step for the reader; `code` names the kind of finding."""

    what: str
    where: Where | None = None
    todo: str = ""
    code: str = ""
    severity: Severity = Severity.ERROR

    @property
    def stops(self) -> bool:
        """Whether it stands in the way of an apply."""
        return self.severity is not Severity.WARNING

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}{f' ({self.todo})' if self.todo else ''}"


class EsprestackError(Exception):
    """Everything that a user can cause or mend; carries all the problems that were found in one go."""

    reason = "error"

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InputError(EsprestackError):
    """An option, an input of the action or a variable of the environment is missing or not usable."""

    reason = "input"


class ConfigError(EsprestackError):
    """A config file is missing, can't be rendered, or says what a config can't say."""

    reason = "config"


class Again(Enum):
    """Whether a refused call may be made again, and why."""

    NO = "no"
    THROTTLED = "it came too fast"
    TRANSIENT = "AWS or the network failed"
    CONFLICT = "it met another write"


class AwsError(EsprestackError):
    """AWS refused, or couldn't be reached; `code` is AWS's own error code."""

    reason = "aws"

    def __init__(self, problem: Problem, code: str = "", final: bool = False, again: Again = Again.NO) -> None:
        super().__init__(problem)
        self.code = code
        self.again = again
        self.final = final
        """No later call can succeed either: credentials that are gone, a network that isn't there."""


class RefusedError(EsprestackError):
    """A guard of ours said no before anything was changed."""

    reason = "refused"


class PlanChangedError(RefusedError):
    """The plan to apply isn't the one that was reviewed."""

    reason = "plan-changed"


class GithubError(EsprestackError):
    """GitHub refused, or couldn't be reached."""

    reason = "github"
