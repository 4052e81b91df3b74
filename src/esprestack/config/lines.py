"""Offsets in a text to lines and columns, both from 1. A line ends with a line feed, as editors and GitHub count."""

import bisect
import re


class Lines:
    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
