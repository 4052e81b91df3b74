"""Marks of private-use characters, which carry through templating where each piece of text stands in the source.

One stands at the start of each line of literal text, one before each expression. They are stripped before anybody
reads the text; what is left of them is the map in `Rendered`.
"""

import bisect
import re
import sys
from dataclasses import dataclass, field

from esprestack.config.source import Source
from esprestack.config.tags import Piece
from esprestack.errors import Problem, Where
from esprestack.secrets import digits, undigits

_LITERAL, _EXPRESSION, _END = "\uf102", "\uf103", "\uf104"
MARK = re.compile(f"([{_LITERAL}{_EXPRESSION}])([\uf110-\uf119]+){_END}")


@dataclass(slots=True)
class Rendered:
    """The text after templating, and what was missing on the way."""

    source: Source
    text: str
    marks: list[list[tuple[int, int, int, bool]]] = field(default_factory=list)
    """For each line of the text: (column from 0, source line, source column, is literal)."""
    missing: list[Problem] = field(default_factory=list)
    noted: set[Problem] = field(default_factory=set)
    unknown: bool = False
    """Whether a look-up wasn't made, so that MISSING stands in the text without a problem of its own."""

    def note(self, problem: Problem) -> None:
        """A miss, told once."""
        if problem not in self.noted:
            self.noted.add(problem)
            self.missing.append(problem)

    def locate(self, line: int, column: int) -> Where:
        """The place in the source of a place (both from 1) in the text."""
        index = min(line, len(self.marks)) - 1
        at = bisect.bisect_right(self.marks[index], (column - 1, sys.maxsize)) - 1 if index >= 0 else -1
        if at >= 0:
            start, source_line, source_column, literal = self.marks[index][at]
            return Where(self.source.path, source_line, source_column + (column - 1 - start if literal else 0))
        for earlier in range(index - 1, -1, -1):  # a further line of a value that an expression put in
            if self.marks[earlier]:
                _, source_line, source_column, _ = self.marks[earlier][-1]
                return Where(self.source.path, source_line, source_column)
        return Where(self.source.path, line, column)


class Marks:
    """The marks of one template, by number."""

    def __init__(self) -> None:
        self._marked: list[tuple[int, int, bool]] = []

    def literal(self, piece: Piece) -> str:
        """A piece of literal text with a mark for each of its lines."""
        first, *others = piece.text.split("\n")
        marked = [self._mark(_LITERAL, piece.line, piece.column) + first]
        marked += [self._mark(_LITERAL, piece.line + number, 1) + line for number, line in enumerate(others, 1)]
        return "\n".join(marked)

    def expression(self, piece: Piece) -> str:
        """The mark of a tag that puts something into the text."""
        return self._mark(_EXPRESSION, piece.line, piece.column)

    def strip(self, text: str, rendered: Rendered) -> None:
        """`text` without its marks into `rendered`, and the map that they were."""
        lines: list[str] = []
        for line in text.split("\n"):
            marks: list[tuple[int, int, int, bool]] = []
            clean: list[str] = []
            at = length = 0
            for match in MARK.finditer(line):
                clean.append(line[at : match.start()])
                length += match.start() - at
                at = match.end()
                if (number := undigits(match[2])) < len(self._marked):  # else made up by an escape
                    marks.append((length, *self._marked[number]))
            clean.append(line[at:])
            lines.append("".join(clean))
            rendered.marks.append(marks)
        rendered.text = "\n".join(lines)

    def _mark(self, kind: str, line: int, column: int) -> str:
        self._marked.append((line, column, kind == _LITERAL))
        return f"{kind}{digits(len(self._marked) - 1)}{_END}"
