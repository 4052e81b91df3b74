"""The comment as a whole: one section for each job or matrix leg that writes into it, merged, and made to fit.

A section stands between two hidden lines, the first of which says what it is. Sections are read back from our own
comments alone; no text of a config or of AWS can begin a line with what ends one (reports.gfm, reports.markdown).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from esprestack import __version__
from esprestack.plan.binding import Compact
from esprestack.plan.model import digest
from esprestack.reports.fitting import fitted, shares
from esprestack.reports.gfm import inline

_BEGIN, _END = "<!-- esprestack:section ", "<!-- /esprestack:section -->"
_SECTION = re.compile(rf"^{re.escape(_BEGIN)}(\{{[^\n]*\}}) -->$\n(.*?)^{re.escape(_END)}$", re.MULTILINE | re.DOTALL)
_HEAD = 1_000
"""Bytes that the lines above all sections take at most."""
_MARKS_SHARE = 0.4
"""The part of a comment that the reviewed changes may take; where they are more, the plan's hash alone binds."""


class Facts(BaseModel):
    """What the first hidden line of a section says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    leg: str
    """Which job, or leg of a matrix, writes this section."""
    label: str = ""
    """What people call it; empty where there is only one."""
    commit: str = ""
    run: str = ""
    """The run of the workflow, and its attempt."""
    summary: str = ""
    planHash: str = ""  # noqa: N815 - as it stands in the comment, like the comment's own facts
    of: tuple[str, ...] = ()
    """What its plans are plans of: digests of config, account, region, cluster and tracking id."""
    plans: Compact = Field(default_factory=dict)
    """What was reviewed, for the apply after the merge."""
    applied: str = ""
    """After the merge: how the apply ended."""


@dataclass(frozen=True, slots=True)
class Section:
    """One job's part of the comment: its text begins with a heading."""

    facts: Facts
    text: str


def marker(key: str) -> str:
    """The line at whose start our comments are known."""
    return f"<!-- esprestack:{key} -->"


def sections_of(body: str) -> list[Section]:
    """The sections of one of our comments; what can't be read is none."""
    found = []
    for match in _SECTION.finditer(body.replace("\r\n", "\n")):
        try:
            found.append(Section(Facts.model_validate_json(match[1]), match[2]))
        except ValidationError:
            continue
    return found


def merged(bodies: Iterable[str], ours: Section) -> list[Section]:
    """All sections of `bodies`, ours in the place of its former self.

    An apply takes the place of the plans that it carried out, and keeps what was reviewed.
    """
    sections: dict[str, Section] = {}
    reviewed: Compact = {}
    for body in bodies:
        for section in sections_of(body):
            if _is_replaced(section.facts, ours.facts):
                reviewed |= section.facts.plans
            else:
                sections[section.facts.leg] = section
    if ours.facts.applied:
        ours = replace(ours, facts=ours.facts.model_copy(update={"plans": reviewed}))
    return sorted([*sections.values(), ours], key=lambda section: (section.facts.label, section.facts.leg))


def stands_in(body: str, ours: Facts) -> bool:
    """Whether a comment has our section as it is now; what binds the apply may have been left out of it."""
    return any(_told(found.facts) == _told(ours) for found in sections_of(body))


def holds(body: str, other: str) -> bool:
    """Whether every section of the comment `other` has its place in `body`."""
    here = [found.facts for found in sections_of(body)]
    return all(any(_is_replaced(there.facts, found) for found in here) for there in sections_of(other))


def _told(facts: Facts) -> Facts:
    return facts.model_copy(update={"plans": {}})


def _is_replaced(there: Facts, ours: Facts) -> bool:
    same = bool(there.of) and set(there.of) <= set(ours.of)
    return there.leg == ours.leg or (same and bool(ours.applied or there.applied))


def comment_body(key: str, sections: Sequence[Section], commit: str, budget: int) -> str:
    """The whole comment in at most `budget` bytes: each section gets its share."""
    hashes = sorted(section.facts.planHash for section in sections if section.facts.planHash)
    whole = {
        "commit": commit,
        "planHash": hashes[0] if len(hashes) == 1 else digest(*hashes)[:16] if hashes else "",
        "version": __version__,
    }
    head = f"{marker(key)}\n{_hidden(whole)}\n"
    overview = _overview(sections, commit) if len(sections) > 1 else ""
    overview = fitted(overview, max(_HEAD, budget // 4))
    openings = [_opening(section.facts, budget * _MARKS_SHARE / len(sections)) for section in sections]
    closing = f"{_END}\n"
    used = sum(len(part.encode()) for part in (head, overview, *openings)) + len(closing) * len(sections)
    sizes = [len(section.text.encode()) for section in sections]
    texts = [
        fitted(section.text, share)
        for section, share in zip(sections, shares(sizes, max(budget - used, 0)), strict=True)
    ]
    parts = (f"{opening}{_ended(text)}{closing}" for opening, text in zip(openings, texts, strict=True))
    return f"{head}{overview}{''.join(parts)}"


def _opening(facts: Facts, most: float) -> str:
    line = _line(facts)
    return line if len(line) <= most else _line(facts.model_copy(update={"plans": {}}))


def _line(facts: Facts) -> str:
    return f"{_BEGIN}{_comment_safe(facts.model_dump(exclude_defaults=True))} -->\n"


def _hidden(facts: dict[str, str]) -> str:
    return f"<!-- {_comment_safe(facts)} -->"


def _comment_safe(facts: object) -> str:
    """JSON that can't end the HTML comment around it."""
    return json.dumps(facts, separators=(",", ":")).replace(">", "\\u003e").replace("<", "\\u003c")


def _overview(sections: Sequence[Section], commit: str) -> str:
    lines = ["### esprestack", ""]
    for section in sections:
        facts = section.facts
        old = f" (at the earlier commit {facts.commit[:12]})" if facts.commit != commit and not facts.applied else ""
        lines.append(f"- **{inline(facts.label) or 'default'}**: {inline(facts.summary)}{old}")
    return "\n".join([*lines, "", ""])


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"
