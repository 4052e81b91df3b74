"""The action's inputs → one typed, frozen object; what isn't usable is refused by name, all of it at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from esprestack.errors import InputError, Problem
from esprestack.github.event import Command
from esprestack.github.runner import flag_input, text_input
from esprestack.given import lines, mapping

_T = TypeVar("_T")


class CommentMode(StrEnum):
    UPDATE = "update"
    NEW = "new"
    CHANGES_ONLY = "changes-only"
    OFF = "off"


class FailOn(StrEnum):
    """What makes the step fail beside errors."""

    DRIFT = "drift"
    CHANGES = "changes"
    NOTHING = "nothing"


class RequirePlan(StrEnum):
    """Whether an apply must be what was reviewed on the merged pull request."""

    MATCH = "match"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asked for."""

    command: Command
    dry_run: bool
    config: tuple[str, ...]
    rule: tuple[str, ...]
    prune: bool
    take_over: bool
    max_deletes: int | None
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    env_allow: tuple[str, ...]
    secret_names: tuple[str, ...]
    allow: tuple[str, ...]
    migrate: str
    """JSON; it may hold secrets."""
    ext_strs: tuple[str, ...]
    ext_codes: tuple[str, ...]
    token: str
    comment: CommentMode
    comment_key: str
    matrix: str
    require_plan: RequirePlan
    timezone: str
    drift_issue: bool
    drift_labels: tuple[str, ...]
    drift_ignore: tuple[str, ...]
    fail_on: frozenset[FailOn]
    region: str
    allowed_accounts: tuple[str, ...]
    parallel: int
    folder: Path


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """The inputs of this step. Raises InputError with every input that can't be used."""
    problems: list[Problem] = []

    def tried(read: Callable[[], _T], fallback: _T) -> _T:
        try:
            return read()
        except InputError as error:
            problems.extend(error.problems)
            return fallback

    inputs = Inputs(
        command=tried(lambda: _one_of(Command, "command", Command.AUTO), Command.AUTO),
        dry_run=tried(lambda: flag_input("dry-run"), True),
        config=lines(text_input("config")),
        rule=lines(text_input("rule")),
        prune=tried(lambda: flag_input("prune"), False),
        take_over=tried(lambda: flag_input("take-over"), False),
        max_deletes=tried(lambda: _whole("max-deletes", 0, 10_000), None),
        secrets=tried(lambda: mapping(text_input("secrets"), "the input `secrets`"), {}),
        variables=tried(lambda: mapping(text_input("vars"), "the input `vars`"), {}),
        env_allow=lines(text_input("env-allow")),
        secret_names=lines(text_input("secret-names")),
        allow=lines(text_input("allow")),
        migrate=text_input("migrate"),
        ext_strs=lines(text_input("ext-str")),
        ext_codes=lines(text_input("ext-code")),
        token=text_input("github-token"),
        comment=tried(lambda: _one_of(CommentMode, "comment", CommentMode.UPDATE), CommentMode.UPDATE),
        comment_key=tried(_comment_key, "default"),
        matrix=_matrix(),
        require_plan=tried(lambda: _one_of(RequirePlan, "require-plan", RequirePlan.WARN), RequirePlan.WARN),
        timezone=tried(_timezone, "UTC"),
        drift_issue=tried(lambda: flag_input("drift-issue", default=True), True),
        drift_labels=lines(text_input("drift-labels")),
        drift_ignore=lines(text_input("drift-ignore")),
        fail_on=tried(_fail_on, frozenset()),
        region=text_input("aws-region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        allowed_accounts=tried(_accounts, ()),
        parallel=tried(lambda: _whole("parallel", 1, 64), None) or 10,
        folder=tried(lambda: _folder(environ), Path()),
    )
    if inputs.rule and inputs.prune:
        problems.append(Problem("the inputs `rule` and `prune` don't go together", todo="prune with all rules"))
    if problems:
        raise InputError(problems)
    return inputs


def _one_of(kind: Callable[[str], _T], name: str, default: _T) -> _T:
    given = text_input(name)
    if not given:
        return default
    try:
        return kind(given)
    except ValueError:
        known = ", ".join(str(member) for member in kind)  # type: ignore[attr-defined]
        raise InputError(Problem(f"the input `{name}` is `{given}`", todo=f"it can be {known}")) from None


def _whole(name: str, least: int, most: int) -> int | None:
    given = text_input(name)
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and least <= int(given) <= most):
        what = f"the input `{name}` is `{given}`"
        raise InputError(Problem(what, todo=f"it is a whole number from {least} to {most}"))
    return int(given)


def _comment_key() -> str:
    key = text_input("comment-key") or "default"
    if len(key) > 100 or not all(character.isalnum() or character in "-_./:" for character in key):
        todo = "letters, digits and - _ . / : only, at most 100"
        raise InputError(Problem(f"the input `comment-key` is `{key}`", todo=todo))
    return key


def _matrix() -> str:
    """The values of the job's matrix, as people read them; empty for a job without one."""
    try:
        found = json.loads(text_input("matrix") or "null")
    except ValueError:
        return text_input("matrix")
    values = found.values() if isinstance(found, dict) else ()
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def _timezone() -> str:
    name = text_input("timezone") or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        todo = "an IANA name, for example Asia/Tokyo"
        raise InputError(Problem(f"the input `timezone` is `{name}`, which is no time zone", todo=todo)) from None
    return name


def _fail_on() -> frozenset[FailOn]:
    given = lines(text_input("fail-on"))
    if not given:
        return frozenset({FailOn.DRIFT})
    try:
        return frozenset(map(FailOn, given))
    except ValueError as error:
        raise InputError(Problem(f"the input `fail-on`: {error}", todo=f"it can be {', '.join(FailOn)}")) from None


def _accounts() -> tuple[str, ...]:
    given = lines(text_input("allowed-account-ids").replace(",", "\n"))
    wrong = [account for account in given if not (len(account) == 12 and account.isascii() and account.isdigit())]
    if wrong:
        what = f"the input `allowed-account-ids` has `{wrong[0]}`"
        raise InputError(Problem(what, todo="an account id has twelve digits; quote it in YAML"))
    return given


def _folder(environ: Mapping[str, str]) -> Path:
    """The folder to work in: below the workspace, links followed."""
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    folder = (workspace / text_input("working-directory")).resolve()
    if not folder.is_relative_to(workspace):
        raise InputError(Problem("the input `working-directory` leads out of the workspace"))
    if not folder.is_dir():
        what = f"the input `working-directory` is `{text_input('working-directory')}`, which is no folder"
        raise InputError(Problem(what, todo="check out the repository before this step"))
    return folder
