"""A document as YAML that people read and keep: ecschedule's layout, quotes only where they are needed."""

import difflib
from collections.abc import Iterator
from typing import Any

import yaml

from esprestack.plan.model import Change

_Base: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LONGEST_FLOW = 100


class _Dumper(_Base):  # type: ignore[misc, valid-type]
    pass


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    block = "\n" in text and not any(line.endswith(" ") for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    """Lists of short texts (commands) stand in one line, as ecschedule writes them."""
    flat = all(isinstance(item, str) and "\n" not in item for item in items)
    flow = flat and sum(len(item) + 2 for item in items) <= _LONGEST_FLOW
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)


def to_yaml(document: Any) -> str:
    """`document` (dicts, lists, texts, numbers) as YAML with its own order of keys."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
    )
    return text


def diff_lines(change: Change) -> Iterator[str]:
    """The change as a unified diff in the config's own words: lines that begin with ` `, `-` or `+`."""
    before = to_yaml([change.before]).splitlines() if change.before else []
    after = to_yaml([change.after]).splitlines() if change.after else []
    lines = difflib.unified_diff(before, after, lineterm="", n=max(len(before), len(after), 1))
    yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))
