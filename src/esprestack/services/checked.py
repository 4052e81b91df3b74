"""What `verify` found, as data and as text: of each thing whether it is there and fit, not, or not known.

In: what was checked; out: text for a terminal, Markdown or JSON.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from esprestack import __version__
from esprestack.errors import Where
from esprestack.reports.gfm import inline
from esprestack.services.model import ServiceScope


class State(StrEnum):
    """How a check ended."""

    OK = "OK"
    NG = "NG"
    """No good: a task couldn't start, or wouldn't do what it is meant to."""
    UNKNOWN = "?"
    """It couldn't be checked: nobody may be asked, or nobody knows."""


_COLOURS = {State.OK: "32", State.NG: "31", State.UNKNOWN: "33"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one thing."""

    state: State
    what: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that a config names, and what is said of it."""

    subject: str
    answer: Answer
    where: Where | None = None

    def __str__(self) -> str:
        said = f": {self.answer.what}" if self.answer.what else ""
        todo = f" ({self.answer.todo})" if self.answer.todo else ""
        return f"{self.subject}{said}{todo}"


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that was checked of one config."""

    config: str
    scope: ServiceScope
    checks: tuple[Checked, ...]

    def count(self, state: State) -> int:
        return sum(check.answer.state is state for check in self.checks)

    @property
    def title(self) -> str:
        scope = self.scope
        return f"{self.config}: cluster {scope.cluster}, {scope.region}, account {scope.account}"


def is_good(verified: Sequence[Verified]) -> bool:
    """Whether nothing was found that is no good."""
    return not any(item.count(State.NG) for item in verified)


def summary(verified: Sequence[Verified]) -> str:
    """`7 OK, 1 NG, 2 not known`."""
    named = {State.OK: "OK", State.NG: "NG", State.UNKNOWN: "not known"}
    counted = {state: sum(item.count(state) for item in verified) for state in State}
    return ", ".join(f"{count} {named[state]}" for state, count in counted.items() if count) or "nothing to check"


def verified_text(verified: Sequence[Verified], colour: bool) -> str:
    """A line for each check, and one that counts."""
    lines = []
    for item in verified:
        lines.append(item.title)
        for check in item.checks:
            state = f"{check.answer.state:2}"
            shown = f"\033[{_COLOURS[check.answer.state]}m{state}\033[0m" if colour else state
            place = f"{check.where}: " if check.where and check.answer.state is not State.OK else ""
            lines.append(f"  {shown}  {place}{check}")
        lines.append("")
    return "\n".join([*lines, summary(verified)]) + "\n"


def verified_markdown(verified: Sequence[Verified], title: str) -> str:
    """The same for GitHub; what isn't good comes first."""
    order = [State.NG, State.UNKNOWN, State.OK]
    lines = [f"### {title}", "", f"**{summary(verified)}**"]
    for item in verified:
        lines += ["", inline(item.title), "", "| | what |", "|---|---|"]
        checks = sorted(item.checks, key=lambda check: order.index(check.answer.state))
        lines += [f"| {check.answer.state} | {inline(str(check))} |" for check in checks]
    return "\n".join(lines) + "\n"


def verified_json(verified: Sequence[Verified], mask: Callable[[str], str]) -> str:
    """The same for scripts; each text masked on its own, so that no mask can break the JSON around it."""
    document = {
        "version": 1,
        "esprestack": __version__,
        "command": "verify",
        "good": is_good(verified),
        "summary": {state.name.lower(): sum(item.count(state) for item in verified) for state in State},
        "configs": [
            {
                "config": mask(item.config),
                "account": item.scope.account,
                "region": item.scope.region,
                "cluster": mask(item.scope.cluster),
                "service": mask(item.scope.service),
                "checks": [_check(check, mask) for check in item.checks],
            }
            for item in verified
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _check(check: Checked, mask: Callable[[str], str]) -> dict[str, object]:
    where, answer = check.where, check.answer
    return {
        "subject": mask(check.subject),
        "state": answer.state.name.lower(),
        "what": mask(answer.what),
        "todo": mask(answer.todo),
        "file": mask(where.file) if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
    }
