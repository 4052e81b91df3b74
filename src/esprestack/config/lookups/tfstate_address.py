"""An address in a Terraform state → its value. Pure.

`[module.…][data.]TYPE.NAME[index]…` or `output.NAME…`; what follows the resource is a path into its attributes. The
grammar is that of tfstate-lookup, which the peers use, without its jq: of that `| join("…")` alone is understood.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_STEP = re.compile(r"""\.(?P<name>[^.\[\]\s|"]+)|\.?\[(?P<index>-?\d{1,9})\]|\.?\["(?P<key>(?:\\.|[^"\\])*)"\]""")
_JOIN = re.compile(r"""\s*\|\s*join\(\s*"(?P<between>(?:\\.|[^"\\])*)"\s*\)\s*""")
_PLAIN_NAME = re.compile(r"[\w-]+")

_Path: TypeAlias = tuple[str | int, ...]


class StateError(Exception):
    """`what` is wrong with a state or an address, and what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Found:
    """A value (None: there is none), and whether Terraform marks it, or a part of it, as sensitive."""

    value: Any
    sensitive: bool = False
    is_null: bool = False
    """There is none because the state says null there."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    sensitive: tuple[_Path, ...] = ()
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
            if isinstance(output, dict):
                hidden: tuple[_Path, ...] = ((),) if output.get("sensitive") else ()
                self._entries[f"output.{name}"] = _Entry(output.get("value"), hidden)
        for resource in _mappings(state.get("resources")):
            self._add(resource)

    def look_up(self, address: str) -> Found:
        """The value at `address`. Raises StateError for a jq program that isn't understood."""
        address = address.strip()
        key = self._key(address)
        if key is None:
            return Found(None)
        entry = self._entries[key]
        steps, between = _steps(address[len(key) :], address)
        if steps is None:
            return Found(None)
        value, path = entry.value, list[str | int]()
        for step in steps:
            if isinstance(step, int) and step < 0 and isinstance(value, list):
                step += len(value)  # from here on it is the place that it means
            if not _has(value, step):
                return Found(None)
            if not (step == "value" and _is_wrapped(value)):  # Terraform's paths don't count the wrapping
                path.append(step)
            value = value[step]
        if value is None:
            return Found(None, is_null=True)
        if between is not None:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise StateError(f"`{address}`: join needs a list of texts", "look it up without join")
            value = between.join(value)
        return Found(value, any(_touch(hidden, path) for hidden in entry.sensitive))

    def similar(self, address: str) -> str:
        """The address that is most like `address`, to ask whether that was meant; empty if none is."""
        key = self._key(address)
        known = [f"{key}.{name}" for name in self._members(key)] if key else []
        near = difflib.get_close_matches(address, known or self._entries, n=1, cutoff=0.5)
        return near[0] if near else key or ""

    def _members(self, key: str) -> Iterator[str]:
        """The names in what `key` stands for that have a value; none where they are sensitive themselves."""
        entry = self._entries[key]
        if () not in entry.sensitive:
            for name, value in _mapping(entry.value).items():
                if value is not None and _PLAIN_NAME.fullmatch(name):
                    yield name

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
        kind = str(resource.get("type"))
        base = ".".join([*(str(part) for part in parts if part), kind, str(resource.get("name"))])
        current = [item for item in _mappings(resource.get("instances")) if not item.get("deposed")]
        indexed: dict[str | int, _Entry] = {
            item["index_key"]: _entry(item, kind) for item in current if isinstance(item.get("index_key"), str | int)
        }
        for index, entry in indexed.items():
            self._entries[f"{base}[{json.dumps(index, ensure_ascii=False)}]"] = entry
        if not indexed:
            for item in current[:1]:
                self._entries[base] = _entry(item, kind)
            return
        counted = {index: entry for index, entry in indexed.items() if isinstance(index, int)}
        if len(counted) == len(indexed):
            entries = [entry for _, entry in sorted(counted.items())]  # without gaps: its places aren't the indexes
            hidden = tuple((at, *path) for at, entry in enumerate(entries) for path in entry.sensitive)
            self._entries[base] = _Entry([entry.value for entry in entries], hidden)
        else:
            hidden = tuple((str(index), *path) for index, entry in indexed.items() for path in entry.sensitive)
            self._entries[base] = _Entry({str(index): entry.value for index, entry in indexed.items()}, hidden)


def _entry(instance: Mapping[str, Any], kind: str) -> _Entry:
    attributes = _mapping(instance.get("attributes") or instance.get("attributes_flat"))
    outputs = attributes.get("outputs")
    if kind == "terraform_remote_state" and isinstance(outputs, dict) and _is_wrapped(outputs):
        attributes = {**attributes, "outputs": outputs["value"]}
    marked = instance.get("sensitive_attributes") or []
    return _Entry(attributes, tuple(map(_path, marked)) if isinstance(marked, list) else ((),))


def _path(marked: Any) -> _Path:
    """A path as Terraform writes it, as far as it is understood: the shorter it is, the more is sensitive.

    Its steps are `{"type": "get_attr", "value": "password"}` and `{"type": "index", "value": {"value": 0, "type": …}}`.
    """
    steps: list[str | int] = []
    for step in marked if isinstance(marked, list) else []:
        value = _mapping(step).get("value")
        value = value.get("value") if isinstance(value, dict) else value
        if not isinstance(value, str | int):
            break
        steps.append(value)
    return tuple(steps)


def _touch(hidden: _Path, path: list[str | int]) -> bool:
    """Whether what is hidden lies in what `path` leads to, or the other way round."""
    return all(one == other for one, other in zip(hidden, path, strict=False))


def _steps(rest: str, address: str) -> tuple[_Path | None, str | None]:
    """The path in `rest` (None if it isn't one), and what to join a list with."""
    steps: list[str | int] = []
    at = 0
    while match := _STEP.match(rest, at):
        if match["index"]:
            steps.append(int(match["index"]))
        elif (name := match["name"] or _unquoted(match["key"])) is not None:
            steps.append(name)
        else:
            return None, None
        at = match.end()
    if not rest[at:].strip():
        return tuple(steps), None
    if (match := _JOIN.fullmatch(rest, at)) and (between := _unquoted(match["between"])) is not None:
        return tuple(steps), between
    if "|" in rest[at:] or rest[at:].startswith(" "):
        todo = 'look up the value itself; of jq only `| join(",")` is understood'
        raise StateError(f"`{address}`: jq is not supported", todo)
    return None, None


def _unquoted(text: str) -> str | None:
    """What stands between quotes, None if that is no text of JSON."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return None


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and 0 <= step < len(value)
    return isinstance(value, dict) and step in value


def _is_wrapped(value: Any) -> bool:
    """Whether it is a value whose type Terraform knows from the value alone, and writes beside it."""
    return isinstance(value, dict) and value.keys() == {"value", "type"}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
