"""The drift issue of one config: what it says, and what becomes of it after each check. Pure.

An issue is opened, edited when the drift changes, closed when it is over and reopened when it is back. A check that
failed is another state: it is told in an issue that is open, and opens or closes none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from esprestack import __version__
from esprestack.errors import Problem
from esprestack.plan.model import Action, Plan
from esprestack.reports.gfm import code, inline
from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown, problem_line
from esprestack.reports.when import Reader
from esprestack.reports.wording import summary

STILL_THERE = timedelta(hours=20)
"""An issue in which nothing changed is edited that seldom, so that "last checked" stays true to about a day."""

_MOST_CAUSES = 50
_ROOM = 3_000
"""Bytes of an issue's body beside the plan and its causes."""


class State(StrEnum):
    DRIFT = "drift"
    CLEAN = "clean"
    FAILED = "failed"


class Facts(BaseModel):
    """The second hidden line of the body."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    commit: str = ""
    planHash: str = ""  # noqa: N815 - as it stands in the comment on a pull request
    version: str = ""
    state: State = State.DRIFT
    checked: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The issue as it is."""

    number: int
    is_open: bool
    body: str

    @property
    def facts(self) -> Facts:
        match = re.search(r"^<!-- (\{[^\n]*\}) -->\s*$", self.body, re.MULTILINE)
        try:
            return Facts.model_validate_json(match[1]) if match else Facts()
        except ValidationError:
            return Facts()  # somebody edited it


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found."""

    marker: str
    title: str
    state: State
    commit: str
    run_url: str
    now: datetime
    plan_hash: str = ""
    text: str = ""
    counts: str = ""
    failure: str = ""

    def body(self, facts: Facts, text: str) -> str:
        link = f" ([run]({self.run_url}))" if self.run_url else ""
        hidden = json.dumps(facts.model_dump(mode="json")).replace(">", "\\u003e")
        lines = [self.marker, f"<!-- {hidden} -->", text.rstrip("\n"), ""]
        if facts.failure:
            lines += [f"**The last check failed**: {facts.failure}", ""]
        lines.append(f"<sub>Last checked {self.now:%Y-%m-%d %H:%M} UTC at commit {self.commit[:12]}{link}</sub>")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Open:
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Edit:
    body: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on the issue."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """As completed."""


@dataclass(frozen=True, slots=True)
class Reopen:
    pass


Step: TypeAlias = Open | Edit | Remark | Close | Reopen


def marker(key: str, matrix: str, config: str) -> str:
    """The line that makes an issue that of this config."""
    return f"<!-- {prefix(key, matrix)}{_plain(config)} -->"


def prefix(key: str, matrix: str) -> str:
    """What the markers of all configs of one job begin with."""
    return f"esprestack:drift:{key}:{_plain(matrix)}:"


def _plain(text: str) -> str:
    """Nothing that could end an HTML comment."""
    return re.sub(r"[^A-Za-z0-9_./ ]+", "-", text).strip("-")


def decide(known: Known | None, found: Found) -> list[Step]:
    """What to do with the issue after a check."""
    if known is None:
        return [Open(found.title, _drifting(found))] if found.state is State.DRIFT else []
    facts = known.facts
    match found.state:
        case State.FAILED:
            return _failed(known, facts, found)
        case State.CLEAN:
            return _over(known, facts, found)
        case State.DRIFT if known.is_open and facts.state is State.DRIFT and facts.planHash == found.plan_hash:
            is_stale = facts.checked is None or found.now - facts.checked >= STILL_THERE
            return [Edit(_drifting(found))] if is_stale or facts.failure else []
        case State.DRIFT if not known.is_open and facts.state is State.DRIFT and facts.planHash == found.plan_hash:
            return []  # somebody closed it and knows of this drift
        case _:
            return _changed(known, facts, found)


def _changed(known: Known, facts: Facts, found: Found) -> list[Step]:
    said = "The drift is back" if facts.state is State.CLEAN else "The drift has changed"
    reopened: list[Step] = [] if known.is_open else [Reopen()]
    return [*reopened, Edit(_drifting(found)), Remark(f"{said}: {found.counts}.")]


def _over(known: Known, facts: Facts, found: Found) -> list[Step]:
    if facts.state is State.CLEAN and not known.is_open:
        return []
    body = _body(found, State.CLEAN, f"### {_heading(found)}\n\n**AWS is what Git says.**\n")
    if not known.is_open:
        return [Edit(body)]  # closed by hand; the next drift may open it again
    how = (
        f"commit {found.commit[:12]} and what was applied of it"
        if facts.commit != found.commit
        else "a change in AWS, as Git is where it was"
    )
    return [Edit(body), Remark(f"Resolved by {how}."), Close()]


def _failed(known: Known, facts: Facts, found: Found) -> list[Step]:
    is_stale = facts.checked is None or found.now - facts.checked >= STILL_THERE
    if not known.is_open or (facts.failure == found.failure and not is_stale):
        return []
    kept = facts.model_copy(update={"failure": found.failure, "checked": found.now})
    return [Edit(found.body(kept, _text_of(known.body)))]


def _text_of(body: str) -> str:
    """What an issue says of the drift, without the lines around it."""
    lines = [line for line in body.replace("\r\n", "\n").split("\n") if not line.startswith("<!-- ")]
    ends = ("<sub>Last checked ", "**The last check failed**")
    return "\n".join(line for line in lines if not line.startswith(ends))


def _drifting(found: Found) -> str:
    return _body(found, State.DRIFT, found.text)


def _body(found: Found, state: State, text: str) -> str:
    facts = Facts(commit=found.commit, planHash=found.plan_hash, version=__version__, state=state, checked=found.now)
    return found.body(facts, text)


def _heading(found: Found) -> str:
    return inline(found.title)


def drift_text(plan: Plan, title: str, causes: Mapping[str, str], reader: Reader) -> str:
    """What an issue says of a plan that isn't empty: counts, why as far as it is known, and every difference."""
    why = "\n".join(cause_lines([plan], causes))
    budget = COMMENT_BYTES - _ROOM - len(why.encode())
    return f"{plan_markdown([plan], [], budget, inline(title), reader)}\n{why}\n"


def cause_lines(plans: Sequence[Plan], causes: Mapping[str, str]) -> list[str]:
    """A line for each rule that differs: who is likely to have made the difference."""
    names = [
        change.name
        for plan in plans
        for change in [*plan.changing, *plan.of(Action.ORPHAN, Action.CONFLICT)]
        if change.name in causes
    ]
    lines = [f"- {code(name)}: {inline(causes[name])}" for name in names[:_MOST_CAUSES]]
    more = [f"- and {len(names) - _MOST_CAUSES} more"] if len(names) > _MOST_CAUSES else []
    return ["**Why**, as far as it can be told:", "", *lines, *more] if lines else []


def health_lines(said: Sequence[str]) -> list[str]:
    """What AWS says of the rules' last runs."""
    if not said:
        return []
    more = [f"- and {len(said) - _MOST_CAUSES} more"] if len(said) > _MOST_CAUSES else []
    return ["", "**Lately**:", "", *(f"- {inline(line)}" for line in said[:_MOST_CAUSES]), *more]


def in_a_line(plan: Plan) -> str:
    """The counts of a drift."""
    return summary([plan])


def failure_text(problems: Sequence[Problem]) -> str:
    """Why a check failed, in one line of Markdown."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{inline(problem_line(problems[0]))}{more}" if problems else "for a reason that isn't known"
