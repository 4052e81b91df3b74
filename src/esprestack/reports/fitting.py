"""A long Markdown text made to fit, in bytes: what matters least goes first, and what stays is valid Markdown.

The text is one of ours (reports.markdown): its diffs are collapsed blocks of whole lines, its rules rows of tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from esprestack.plan.model import Action
from esprestack.reports.wording import SIGNS

OPENING, CLOSING = "<details><summary>", "</details>"

_IMPORTANT = tuple(
    f"{OPENING}{SIGNS[action]}" for action in (Action.DELETE, Action.CONFLICT, Action.REPLACE, Action.ADOPT)
)
_ROOM = 200
"""Bytes for the line that says what was left out."""
_RULED = "|---"


@dataclass(slots=True)
class _Unit:
    """Lines that stay or go together."""

    lines: list[str]
    kind: int
    """When it goes: the greatest first; 0 stays."""

    @property
    def size(self) -> int:
        return sum(len(line.encode()) + 1 for line in self.lines)


_STAYS, _ROW, _IMPORTANT_DIFF, _DIFF, _PICTURE = range(5)


def fitted(text: str, budget: int, unmade: int = 0) -> str:
    """`text` in at most `budget` bytes: without some diffs, the rows of tables, or, if that isn't enough, its end.

    `unmade`: diffs that weren't even made, as they wouldn't fit.
    """
    size = len(text.encode())
    if size <= budget and not unmade:
        return text
    units = _units(text.rstrip("\n").split("\n"))
    gone = dict.fromkeys((_PICTURE, _DIFF, _IMPORTANT_DIFF, _ROW), 0)
    for kind in gone:
        for unit in reversed([unit for unit in units if unit.kind == kind]):
            if size + _ROOM <= budget:
                break
            size -= unit.size
            unit.lines.clear()
            gone[kind] += 1
    lines = [line for unit in units for line in unit.lines]
    counts = ((gone[_DIFF] + gone[_IMPORTANT_DIFF] + unmade, "diffs"), (gone[_ROW], "rows"))
    left_out = [f"{count} more {name}" for count, name in counts if count]
    if left_out:
        lines += ["", f"*{' and '.join(left_out)} are in the job's summary and in its report file.*"]
    shorter = "\n".join(_without_empty_tables(lines)) + "\n"
    return shorter if len(shorter.encode()) <= budget else cut(shorter, budget)


def shares(sizes: Sequence[int], budget: int) -> list[int]:
    """`budget` shared out: who needs less than an equal share leaves the rest to the others."""
    left, found = budget, dict.fromkeys(range(len(sizes)), 0)
    waiting = sorted(found, key=lambda at: sizes[at])
    for position, at in enumerate(waiting):
        found[at] = min(sizes[at], left // (len(waiting) - position))
        left -= found[at]
    return [found[at] for at in range(len(sizes))]


def cut(text: str, budget: int) -> str:
    """The last step: whole lines from the start, as many as fit, with all that is open closed."""
    ending = "\n*Cut: the rest is in the job's summary and in its report file.*\n"
    kept: list[str] = []
    size = len(ending.encode())
    for unit in _units(text.split("\n")):
        size += unit.size
        if size > budget:
            break
        kept += unit.lines
    return "\n".join(kept) + ending if size <= budget or kept else ending.lstrip("\n")[: max(budget, 0)]


def _units(lines: Sequence[str]) -> list[_Unit]:
    units: list[_Unit] = []
    inside, in_table = False, False
    for line in lines:
        if inside:
            units[-1].lines.append(line)
            inside = line != CLOSING
            continue
        if line.startswith(OPENING):
            inside = True
            units.append(_Unit([line], _kind(line)))
        elif line.startswith("| ") and in_table:
            units.append(_Unit([line], _ROW))
        else:
            in_table = line.startswith(_RULED)
            units.append(_Unit([line], _STAYS))
    return units


def _kind(opening: str) -> int:
    if not opening.removeprefix(OPENING).startswith(tuple(SIGNS.values())):
        return _PICTURE
    return _IMPORTANT_DIFF if opening.startswith(_IMPORTANT) else _DIFF


def _without_empty_tables(lines: Sequence[str]) -> list[str]:
    """A table's head goes with its last row."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        after = lines[at + 2] if at + 2 < len(lines) else ""
        is_head = line.startswith("| ") and following.startswith(_RULED) and not after.startswith("| ")
        is_rule = line.startswith(_RULED) and not following.startswith("| ")
        if not (is_head or is_rule):
            kept.append(line)
    return kept
