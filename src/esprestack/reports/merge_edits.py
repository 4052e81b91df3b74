"""Changes to a config's text: values replaced in place, keys and items taken out or put in, all else as it stands.

In: the text, its masked twin and nodes of it; out: the new text. Lines, commas, indentation and quotes follow what
stands beside the change.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from esprestack.config.spans import escaped
from esprestack.reports.json_text import json_text
from esprestack.reports.merge_nodes import Node, Pair
from esprestack.reports.yaml_text import Layout, block, entry, flow, scalar, template

Child: TypeAlias = Node | Pair
_UP_TO_DASH = re.compile(r"(?:\s|#[^\n]*)*(?=-)")
_NUMBER_OR_FLAG = re.compile(r"true|false|0|-?[1-9][0-9]{0,17}")
"""Texts that may stand without quotes where one without quotes stood: AWS takes them as texts either way."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A value to put behind the child number `after` of a mapping (with its key) or a list; -1: before all."""

    after: int
    value: Any
    key: str = ""


class Editor:
    def __init__(self, text: str, masked: str, *, is_json: bool, root: Node, rules: Node | None) -> None:
        self._text = text
        self._masked = masked
        self._is_json = is_json
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._edits: list[tuple[int, int, str]] = []
        first = root.pairs[0] if root.pairs else None
        self._unit = self._pad(first.start) if first and self._begins_line(first.start) else ""
        self._colon = masked[first.key.end : first.value.start] if first and is_json else ": "
        self._layout = self._found_layout(root, rules)

    def result(self) -> str:
        text = self._text
        for start, end, new in [edit for _, edit in sorted(enumerate(self._edits), key=_in_order)][::-1]:
            text = f"{text[:start]}{new}{text[end:]}"
        return text

    # -- values ------------------------------------------------------------------------------------------------

    def replace_value(self, parent: Node, pair: Pair, value: Any) -> None:
        """Puts `value` in the place of the pair's."""
        node = pair.value
        colon = self._masked.index(":", pair.key.end) + 1
        if parent.is_flow:
            self._replace_inline(node, colon, self._in_flow(value, self._pad(node.start), node))
            return
        if not isinstance(value, dict | list):
            pad = " " * (self._column(pair.start) + self._layout.step)
            first, *others = self._scalar(value, node)
            lines = [f" {first}", *(pad + line if line else "" for line in others)]
        elif node.is_flow:
            lines = [f" {flow(value, template)}"]
        else:
            lines = entry("", value, template, self._layout, self._column(pair.start))
            lines[0] = lines[0].partition(":")[2]
        if len(lines) == 1 and "\n" not in self._masked[colon : node.body]:
            self._replace_inline(node, colon, lines[0].lstrip())
            return
        anchor = f" &{node.anchor}" if node.anchor else ""
        self._replace_lines(colon, max(node.end, colon), [anchor + lines[0], *lines[1:]])

    def replace_item(self, parent: Node, index: int, value: str) -> None:
        """Puts `value` in the place of a list's item."""
        node = parent.items[index]
        if parent.is_flow:
            self._replace_inline(node, node.end, self._in_flow(value, "", node))
            return
        pad = " " * self._column(node.start)
        first, *others = self._scalar(value, node)
        if others:
            self._replace_lines(node.body, node.end, [first, *(pad + line if line else "" for line in others)])
        else:
            self._replace_inline(node, node.end, first)

    def _replace_lines(self, start: int, end: int, lines: Sequence[str]) -> None:
        """A comment behind the old value stands behind the first line of the new one."""
        line_end = self._line_end(end)
        comment = self._text[end:line_end]
        self._edits.append((start, line_end, self._newline.join([lines[0] + comment, *lines[1:]])))

    def _replace_inline(self, node: Node, after: int, new: str) -> None:
        if node.start == node.end:  # an empty value
            self._edits.append((after, after, f" {new}"))
        else:
            self._edits.append((node.body, node.end, new))

    def _scalar(self, value: Any, node: Node, *, within_flow: bool = False) -> list[str]:
        """`value` with the quotes that the node has, or without quotes if it has none and can do without."""
        plain = node.kind == "scalar" and not node.style and node.start < node.end
        if plain and _NUMBER_OR_FLAG.fullmatch(str(value)) and _NUMBER_OR_FLAG.fullmatch(node.value):
            return [str(value)]
        return scalar(value, template, within_flow=within_flow, like=node.style if node.style in ("'", '"') else "")

    def _in_flow(self, value: Any, pad: str, node: Node | None = None) -> str:
        if self._is_json:
            return json_text(value, pad, self._unit, self._newline, self._colon)
        if node and not isinstance(value, dict | list):
            return self._scalar(value, node, within_flow=True)[0]
        return flow(value, template)

    # -- keys and items ----------------------------------------------------------------------------------------

    def change(self, node: Node, removed: Collection[int], additions: Sequence[Addition]) -> None:
        """Takes children of a mapping or a list out and puts others in; at least one that was there stays."""
        children: Sequence[Child] = node.pairs or node.items
        kept = [index for index in range(len(children)) if index not in removed]
        if node.is_flow:
            self._remove_from_flow(children, removed, kept)
        else:
            self._remove_lines(node, children, removed, kept)
        for addition in additions:
            before = [index for index in kept if index <= addition.after]
            if node.is_flow:
                self._add_to_flow(children, before[-1] if before else None, kept[0], addition)
            else:
                self._add_lines(node, children, before[-1] if before else None, kept[0], addition)

    def _remove_from_flow(self, children: Sequence[Child], removed: Collection[int], kept: Sequence[int]) -> None:
        for index in sorted(removed):
            later = [other for other in kept if other > index]
            if later:
                self._edits.append((children[index].start, children[index + 1].start, ""))
            else:
                self._edits.append((children[index - 1].end, children[index].end, ""))

    def _remove_lines(
        self, node: Node, children: Sequence[Child], removed: Collection[int], kept: Sequence[int]
    ) -> None:
        starts = [
            self._dash(node, index) if node.kind == "list" else child.start for index, child in enumerate(children)
        ]
        doomed = sorted(removed)
        if 0 in removed and not self._begins_line(starts[0]):  # behind the dash of a list: the next one moves up
            self._edits.append((starts[0], starts[kept[0]], ""))
            doomed = [index for index in doomed if index > kept[0]]
        for index in doomed:
            self._edits.append((self._line_end_before(starts[index]), self._line_end(children[index].end), ""))

    def _add_to_flow(self, children: Sequence[Child], before: int | None, first: int, addition: Addition) -> None:
        beside = children[first if before is None else before]
        own_line = self._begins_line(beside.start)
        pad = self._pad(beside.start)
        value = self._in_flow(addition.value, pad)
        text = f"{self._flow_key(addition.key)}{value}" if addition.key else value
        comma = f",{self._newline}{pad}" if own_line else "," if self._colon == ":" else ", "
        if before is None:
            self._edits.append((beside.start, beside.start, text + comma))
        else:
            self._edits.append((beside.end, beside.end, comma + text))

    def _flow_key(self, key: str) -> str:
        if self._is_json:
            return f"{json_text(escaped(key), '', '', '', '')}{self._colon}"
        return flow({key: None}, template)[1:].removesuffix("null}")

    def _add_lines(
        self, node: Node, children: Sequence[Child], before: int | None, first: int, addition: Addition
    ) -> None:
        if node.kind == "list":
            column = self._column(self._dash(node, first))
            lines = block([addition.value], template, self._layout, column)
            if isinstance(addition.value, str):
                lines = [f"{' ' * column}-{' ' * (self._layout.gap - 1)}{scalar(addition.value, template)[0]}"]
            if len(children) > 1 and isinstance(addition.value, dict) and self._has_gaps(children):
                lines = ["", *lines]
        else:
            column = self._column(children[first].start)
            lines = entry(addition.key, addition.value, template, self._layout, column)
        text = self._newline.join(lines)
        if before is not None:
            at = self._line_end(children[before].end)
            self._edits.append((at, at, self._newline + text))
            return
        start = self._dash(node, first) if node.kind == "list" else children[first].start
        if self._begins_line(start) and (at := self._line_end_before(start)) >= 0:
            self._edits.append((at, at, self._newline + text))
        else:
            self._edits.append((start, start, text.lstrip() + self._newline + " " * column))

    def _has_gaps(self, children: Sequence[Child]) -> bool:
        """Whether empty lines stand between the items of a list."""
        return bool(re.search(r"\n[ \t]*\r?\n", self._text[children[-2].end : children[-1].start]))

    # -- places ------------------------------------------------------------------------------------------------

    def _line_start(self, offset: int) -> int:
        return self._masked.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        """Where the line's own characters end."""
        end = self._masked.find("\n", offset)
        if end < 0:
            return len(self._masked)
        return end - (self._masked[end - 1 : end] == "\r" and end > offset)

    def _line_end_before(self, offset: int) -> int:
        """The end of the line before that of `offset`; -1 if there is none."""
        start = self._line_start(offset)
        return start - 1 - (self._masked[start - 2 : start - 1] == "\r") if start else -1

    def _begins_line(self, offset: int) -> bool:
        return not self._masked[self._line_start(offset) : offset].strip()

    def _column(self, offset: int) -> int:
        return offset - self._line_start(offset)

    def _pad(self, offset: int) -> str:
        """The blanks at the beginning of the line."""
        line = self._masked[self._line_start(offset) :]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _dash(self, node: Node, index: int) -> int:
        after = node.items[index - 1].end if index else node.body
        match = _UP_TO_DASH.match(self._masked, after)
        return match.end() if match else after

    def _found_layout(self, root: Node, rules: Node | None) -> Layout:
        if root.is_flow or rules is None or rules.is_flow or not rules.items:
            return Layout()
        dash = self._column(self._dash(rules, 0))
        item = rules.items[0]
        gap = self._column(item.start) - dash if self._line_start(item.start) == self._line_start(rules.start) else 2
        steps = [
            self._column(pair.value.pairs[0].start) - self._column(pair.start)
            for entry in rules.items
            for pair in entry.pairs
            if pair.value.kind == "mapping" and pair.value.pairs and not pair.value.is_flow and not pair.value.anchor
        ]
        return Layout(steps[0] if steps else 2, max(dash - self._column(root.pairs[0].start), 0), max(gap, 2))


def _in_order(numbered: tuple[int, tuple[int, int, str]]) -> tuple[int, int, int]:
    number, (start, end, _) = numbered
    return start, end, number
