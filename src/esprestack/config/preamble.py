"""What has to be known of a config before its templates can be rendered: its region and its plugins.

Both stand in the file that is to be rendered. So their blocks are cut out of the text, rendered with what is at hand
(environment and variables) and read alone. In: a Source and the functions of local look-ups; out: a Preamble.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from esprestack.config.lookups.base import Function
from esprestack.config.source import Source, read_tree
from esprestack.config.template import render
from esprestack.config.tree import Data, Tree
from esprestack.errors import ConfigError, Where

_BLOCK = re.compile(r"^(?:region|plugins)[ \t]*:.*(?:\n(?:[ \t#-].*)?$)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Preamble:
    """`plugins` are the entries as the file has them; `tree` says where they stand."""

    region: str = ""
    plugins: tuple[Mapping[str, Data], ...] = ()
    tree: Tree | None = None

    def where(self, source: Source, index: int) -> Where:
        """The place of plugin `index`."""
        return self.tree.where(("plugins", index)) if self.tree else Where(source.path)


def read_preamble(source: Source, functions: Mapping[str, Function]) -> Preamble:
    """The preamble of `source`. What is wrong with it is left to the reading of the whole."""
    text = _json_blocks(source.text) if source.is_json else _yaml_blocks(source.text)
    if not text.strip():
        return Preamble()
    try:
        rendered = render(Source(source.path, text), functions)
        return preamble_of(read_tree(rendered.text, source, rendered.locate))
    except ConfigError:
        return Preamble()


def preamble_of(tree: Tree) -> Preamble:
    """The preamble in what a file came out as."""
    data = tree.data if isinstance(tree.data, dict) else {}
    region, plugins = data.get("region"), data.get("plugins")
    return Preamble(
        region if isinstance(region, str) else "",
        tuple(entry for entry in plugins if isinstance(entry, dict)) if isinstance(plugins, list) else (),
        tree,
    )


def _yaml_blocks(text: str) -> str:
    """The two blocks on the lines where they stand in the file; the other lines are empty."""
    kept: list[str] = []
    at = 0
    for block in _BLOCK.finditer(text):
        kept.append("\n" * text.count("\n", at, block.start()) + block[0])
        at = block.end()
    return "".join(kept)


def _json_blocks(text: str) -> str:
    """JSON is read whole, which works where template tags stand within its texts."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict):
        return ""
    return json.dumps({key: data[key] for key in ("region", "plugins") if key in data})
