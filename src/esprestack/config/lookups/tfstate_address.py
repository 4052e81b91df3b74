"""An address in a Terraform state → its value. Pure.

`[module.…][data.]TYPE.NAME[index]…` or `output.NAME…`; what follows the resource is a path into its attributes. The
grammar is that of tfstate-lookup, which the peers use, without its jq: of that `| join("…")` alone is understood.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(r"""\.(?P<name>[^.\[\]\s|"]+)|\.?\[(?P<index>-?\d{1,9})\]|\.?\["(?P<key>(?:\\.|[^"\\])*)"\]""")
_JOIN = re.compile(r"""\s*\|\s*join\(\s*"(?P<between>(?:\\.|[^"\\])*)"\s*\)\s*""")


class StateError(Exception):
    """`what` is wrong with a state or an address, and what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Found:
    """A value (None: there is none), and whether Terraform marks it as sensitive."""

    value: Any
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    sensitive: tuple[tuple[str | int, ...], ...] = ()
    """Paths in `value`."""


class State:
    """A state of version 4."""

    def __init__(self, text: str) -> None:
        """Raises StateError for what isn't one."""
        try:
            state = json.loads(text)
        except (ValueError, RecursionError):
            raise StateError("it isn't JSON", "is this the state itself?") from None
        version = state.get("version") if isinstance(state, dict) else None
        if version != 4:
            what = f"unsupported state version {version}" if isinstance(version, int) else "it is no Terraform state"
            raise StateError(what, "states of Terraform 0.12 and newer are read (version 4)")
        self._entries: dict[str, _Entry] = {}
        for name, output in _mapping(state.get("outputs")).items():
            hidden: tuple[tuple[str | int, ...], ...] = ((),) if output.get("sensitive") else ()
            self._entries[f"output.{name}"] = _Entry(output.get("value"), hidden)
        for resource in state.get("resources") or []:
            self._add(resource)

    def look_up(self, address: str) -> Found:
        """The value at `address`. Raises StateError for a jq program that isn't understood."""
        address = address.strip()
        key = self._key(address)
        if key is None:
            return Found(None)
        entry = self._entries[key]
        steps, between = _steps(address[len(key) :], address)
        value = entry.value
        for step in steps or ():
            value = _child(value, step)
        if steps is None or value is None:
            return Found(None)
        if between is not None:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise StateError(f"`{address}`: join needs a list of texts", "look it up without join")
            value = between.join(value)
        sensitive = any(path[: len(steps)] == steps[: len(path)] for path in map(tuple, entry.sensitive))
        return Found(value, sensitive)

    def similar(self, address: str) -> str:
        """The key that is most like `address`, to ask whether that was meant; empty if none is."""
        near = difflib.get_close_matches(address, self._entries, n=1, cutoff=0.5)
        return near[0] if near else ""

    def _key(self, address: str) -> str | None:
        if address in self._entries:
            return address
        longest = ""
        for key in self._entries:
            if len(key) > len(longest) and address.startswith(key) and address[len(key)] in ".[ |":
                longest = key
        return longest or None

    def _add(self, resource: Mapping[str, Any]) -> None:
        parts = [resource.get("module"), "data" if resource.get("mode") == "data" else None]
        base = ".".join([*filter(None, parts), str(resource.get("type")), str(resource.get("name"))])
        current = [item for item in resource.get("instances") or [] if not item.get("deposed")]
        indexed = {item["index_key"]: _entry(item) for item in current if item.get("index_key") is not None}
        for index, entry in indexed.items():
            self._entries[f"{base}[{json.dumps(index, ensure_ascii=False)}]"] = entry
        if not indexed:
            for item in current[:1]:
                self._entries[base] = _entry(item)
            return
        hidden = tuple((index, *path) for index, entry in indexed.items() for path in entry.sensitive)
        if all(isinstance(index, int) for index in indexed):
            self._entries[base] = _Entry([indexed[index].value for index in sorted(indexed)], hidden)
        else:
            self._entries[base] = _Entry({str(index): entry.value for index, entry in indexed.items()}, hidden)


def _entry(instance: Mapping[str, Any]) -> _Entry:
    attributes = instance.get("attributes") or instance.get("attributes_flat") or {}
    outputs = attributes.get("outputs")
    if "backend" in attributes and isinstance(outputs, dict) and outputs.keys() == {"value", "type"}:
        attributes = {**attributes, "outputs": outputs["value"]}
    return _Entry(attributes, tuple(_sensitive(instance.get("sensitive_attributes") or [])))


def _sensitive(paths: Sequence[Any]) -> Iterator[tuple[str | int, ...]]:
    """Terraform's paths are lists of steps such as `{"type": "get_attr", "value": "password"}`."""
    for path in paths:
        steps = path if isinstance(path, list) else [path]
        yield tuple(
            step["value"] for step in steps if isinstance(step, dict) and isinstance(step.get("value"), str | int)
        )


def _steps(rest: str, address: str) -> tuple[tuple[str | int, ...] | None, str | None]:
    """The path in `rest` (None if it isn't one), and what to join a list with."""
    steps: list[str | int] = []
    at = 0
    while match := _STEP.match(rest, at):
        if match["index"]:
            steps.append(int(match["index"]))
        else:
            steps.append(match["name"] or json.loads(f'"{match["key"]}"'))
        at = match.end()
    if not rest[at:].strip():
        return tuple(steps), None
    if match := _JOIN.fullmatch(rest, at):
        return tuple(steps), json.loads(f'"{match["between"]}"')
    if "|" in rest[at:] or rest[at:].startswith(" "):
        todo = 'look up the value itself; of jq only `| join(",")` is understood'
        raise StateError(f"`{address}`: jq is not supported", todo)
    return None, None


def _child(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
