"""Jsonnet's external variables, as options give them: texts and code, of their own or from the environment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from esprestack.config.lookups.environment import is_denied
from esprestack.errors import InputError, Problem
from esprestack.secrets import RESERVED


@dataclass(frozen=True, slots=True)
class ExtVars:
    """External variables, as `std.extVar` gives them: texts, and Jsonnet code."""

    strings: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)


def ext_vars(strs: Sequence[str], codes: Sequence[str], environ: Mapping[str, str]) -> ExtVars:
    """The variables that `NAME=VALUE`s define; a `NAME` alone is read from the environment, as by Jsonnet's own tool.

    Raises InputError for all names at once that aren't set or may hold a credential.
    """
    problems: list[Problem] = []
    strings = dict(_defined("--ext-str", strs, environ, problems))
    coded = dict(_defined("--ext-code", codes, environ, problems))
    for name in sorted(strings.keys() & coded.keys()):
        todo = "keep one: --ext-str for a text, --ext-code for any other value"
        problems.append(Problem(f"the external variable `{name}` is given as a text and as code", todo=todo))
    if problems:
        raise InputError(problems)
    return ExtVars(strings, coded)


def _defined(
    option: str, given: Sequence[str], environ: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    for definition in given:
        name, equals, value = definition.partition("=")
        if not name:
            problems.append(Problem(f"{option} needs a name", todo=f"write {option} NAME=VALUE"))
        elif not equals and is_denied(name):
            what = f"{option} may not read the environment variable `{name}`: it can hold credentials"
            problems.append(Problem(what, todo="a value that the task needs belongs into a secret", code="denied"))
        elif not equals and name not in environ:
            what = f"{option} {name}: the environment variable `{name}` is not set"
            problems.append(Problem(what, todo=f"set it, or write {option} {name}=VALUE", code="not-given"))
        elif RESERVED.search(value := value if equals else environ[name]):
            problems.append(Problem(f"{option} {name} holds private-use characters", todo="remove them"))
        else:
            yield name, value
