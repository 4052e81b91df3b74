"""A file's tree held against a form of ECS's: a document in AWS's spelling and types, and everything that is wrong.

Keys are matched whatever their case; those below a map (`dockerLabels`, `options`, …) are the user's own and stay as
they are. A text for a number, and the reverse, is taken where it can mean one thing only.
"""

import difflib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from esprestack.config.source import MISSING
from esprestack.config.tree import Data, Path, Scalar, Tree
from esprestack.config.values import kind
from esprestack.errors import Problem, Where
from esprestack.secrets import SEALED
from esprestack.services.codes import severity_of
from esprestack.services.shapes import Form, Sort

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?", re.ASCII)
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_MOST_NAMED = 12
"""Members that are told of a structure that has none of a name: more would be no help."""

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Held:
    """What became of a file's tree."""

    document: dict[str, Any]
    problems: tuple[Problem, ...]
    paths: Mapping[Path, Path]
    """From each path of the document to the one in the file."""


def held(data: Data, form: Form, tree: Tree, at: Path, told_only: Collection[str], open_: Callable[[str], str]) -> Held:
    """What stands at `at` of `tree`, as a document of `form`.

    Of the members of `told_only`, which AWS tells and doesn't take, nothing is kept and nothing said. `open_` opens
    secrets, whose length counts. What a look-up left MISSING isn't judged.
    """
    holding = _Holding(tree, open_)
    document = holding.structure(data, form, (), at, told_only)
    return Held(document, (*holding.problems, *holding.spelling()), holding.paths)


class Spelled(Tree):
    """A tree whose paths are a document's: AWS's spelling, without what stands around it."""

    def __init__(self, tree: Tree, paths: Mapping[Path, Path], at: Path) -> None:
        self._tree = tree
        self._paths = paths
        self._there = at
        self.data = tree.data

    def find(self, path: Path) -> Where | None:
        there = self._there if not path else self._paths.get(path)
        return None if there is None else self._tree.find(there)

    def where(self, path: Path) -> Where:
        if not path:
            return self._tree.where(self._there)
        return self.find(path) or self.where(path[:-1])

    def where_key(self, path: Path) -> Where:
        there = self._paths.get(path)
        return self.where(path[:-1]) if there is None else self._tree.where_key(there)

    def where_within(self, path: Path, offset: int) -> Where:
        there = self._paths.get(path)
        return self.where(path) if there is None else self._tree.where_within(there, offset)

    def replaced(self, text: str, shown: Callable[[str, Any], Any]) -> str:
        return self._tree.replaced(text, shown)


@dataclass(slots=True)
class _Holding:
    """One walk; everything that is wrong is collected."""

    tree: Tree
    open_: Callable[[str], str]
    problems: list[Problem] = field(default_factory=list)
    paths: dict[Path, Path] = field(default_factory=dict)
    respelled: list[tuple[str, str, Where]] = field(default_factory=list)

    def value(self, data: Data, form: Form, path: Path, there: Path) -> Any:
        """The value, or _NOTHING where it can't be read; `there` is its path in the file."""
        self.paths[path] = there
        match form.sort:
            case Sort.STRUCTURE:
                return self.structure(data, form, path, there)
            case Sort.LIST:
                return self.list_(data, form, path, there)
            case Sort.MAP:
                return self.map_(data, form, path, there)
            case Sort.ANYTHING:
                return _plain(data)
        return self.scalar(data, form, path, there)

    # -- what holds others -------------------------------------------------------------------------------------

    def structure(
        self, data: Data, form: Form, path: Path, there: Path, told_only: Collection[str] = ()
    ) -> dict[str, Any]:
        document: dict[str, Any] = {}
        if not isinstance(data, dict):
            self.wrong("wrong-type", f"{_name(path, form)} must be a mapping, not {kind(data)}", there)
            return document
        lowered = {name.lower(): name for name in form.members}
        silent = {name.lower() for name in told_only}
        seen: dict[str, str] = {}
        for key, child in data.items():
            name = key if key in form.members else lowered.get(key.lower(), "")
            if not name:
                if key.lower() not in silent:
                    self.unknown(key, form, (*there, key))
                continue
            if name in seen:
                what = f"`{key}` and `{seen[name]}` are the same member"
                self.problems.append(Problem(what, self.tree.where_key((*there, key)), "remove one", "doubled-key"))
                continue
            seen[name] = key
            if key != name:
                self.respelled.append((key, name, self.tree.where_key((*there, key))))
            if child is None:
                continue
            value = self.value(child, form.members[name], (*path, name), (*there, key))
            if value is not _NOTHING:
                document[name] = value
        self.lacking(data, form, path, there, seen)
        return {name: document[name] for name in form.members if name in document}

    def lacking(self, data: Mapping[str, Data], form: Form, path: Path, there: Path, seen: Mapping[str, str]) -> None:
        given = {name for name, key in seen.items() if data[key] is not None}
        for name in form.members:
            if name in form.required and name not in given:
                what = f"{_name((*path, name), form)} is missing"
                self.wrong("missing-key", what, there, f"{form.name} needs `{name}`")
        if form.is_union and len(given) != 1:
            self.wrong("wrong-value", f"{_name(path, form)} takes just one of {_listed(list(form.members))}", there)

    def list_(self, data: Data, form: Form, path: Path, there: Path) -> Any:
        if not isinstance(data, list) or form.item is None:
            self.wrong("wrong-type", f"{_name(path, form)} must be a list, not {kind(data)}", there)
            return _NOTHING
        if form.most is not None and len(data) > form.most:
            self.wrong("too-long", f"{_name(path, form)} has {len(data)} entries, AWS takes {form.most}", there)
        if form.least is not None and len(data) < form.least:
            self.wrong("wrong-value", f"{_name(path, form)} has {len(data)} entries, AWS wants {form.least}", there)
        values = [self.value(item, form.item, (*path, at), (*there, at)) for at, item in enumerate(data)]
        return [value for value in values if value is not _NOTHING]

    def map_(self, data: Data, form: Form, path: Path, there: Path) -> Any:
        if not isinstance(data, dict) or form.item is None:
            self.wrong("wrong-type", f"{_name(path, form)} must be a mapping, not {kind(data)}", there)
            return _NOTHING
        values = {
            key: self.value(child, form.item, (*path, key), (*there, key))
            for key, child in data.items()
            if child is not None
        }
        return {key: value for key, value in values.items() if value is not _NOTHING}

    # -- values ------------------------------------------------------------------------------------------------

    def scalar(self, data: Data, form: Form, path: Path, there: Path) -> Any:
        if not isinstance(data, str):
            self.wrong("wrong-type", f"{_name(path, form)} must be {form.sort}, not {kind(data)}", there)
            return _NOTHING
        if MISSING in data:
            return str(data) if form.sort is Sort.TEXT else _NOTHING
        if form.sort is Sort.TEXT:
            return self.text(str(data), form, path, there)
        if SEALED.search(data):
            self.wrong("wrong-type", f"{_name(path, form)} can't be a secret: it is {form.sort}", there)
            return _NOTHING
        value = _typed(str(data), form.sort)
        if value is None:
            self.wrong("wrong-type", f"{_name(path, form)} must be {form.sort}, not {kind(data)}", there)
            return _NOTHING
        if form.sort is not Sort.FLAG:
            self.limits(value, form, path, there)
        return value

    def text(self, text: str, form: Form, path: Path, there: Path) -> str:
        if form.choices and text not in form.choices and not SEALED.search(text):
            near = _near(text, form.choices)
            todo = f"did you mean `{near}`?" if near else f"it takes {_listed(form.choices)}"
            what = f"{_name(path, form)} is `{text}`, which ECS doesn't know"
            severity = severity_of("unknown-value")
            self.problems.append(Problem(what, self.tree.where(there), todo, "unknown-value", severity))
        length = len(self.open_(text))
        if form.most is not None and length > form.most:
            what = f"{_name(path, form)} has {length} characters, AWS takes {form.most}"
            self.wrong("too-long", what, there, "shorten it")
        if form.least is not None and length < form.least:
            self.wrong("wrong-value", f"{_name(path, form)} is empty", there, "give it a value or remove it")
        return text

    def limits(self, value: float, form: Form, path: Path, there: Path) -> None:
        if form.least is not None and value < form.least:
            self.wrong("wrong-value", f"{_name(path, form)} must be at least {form.least}, not {value}", there)
        if form.most is not None and value > form.most:
            self.wrong("wrong-value", f"{_name(path, form)} must be at most {form.most}, not {value}", there)

    # -- what is said ------------------------------------------------------------------------------------------

    def wrong(self, code: str, what: str, there: Path, todo: str = "") -> None:
        self.problems.append(Problem(what, self.tree.where(there), todo, code))

    def unknown(self, key: str, form: Form, there: Path) -> None:
        near = _near(key, list(form.members))
        todo = f"did you mean `{near}`?" if near else f"it has {_listed(list(form.members))}"
        what = f"`{key}` is not a member of {form.name}"
        self.problems.append(Problem(what, self.tree.where_key(there), todo, "unknown-key"))

    def spelling(self) -> list[Problem]:
        """One warning for all keys that AWS writes in another case: ecspresso v3 takes AWS's spelling alone."""
        if not self.respelled:
            return []
        key, name, where = self.respelled[0]
        others = len(self.respelled) - 1
        more = f", and {others} more key{'' if others == 1 else 's'}" if others else ""
        what = f"`{key}` is `{name}` in AWS's spelling{more}"
        return [Problem(what, where, "write keys as AWS does", "key-case", severity_of("key-case"))]


def _typed(text: str, sort: Sort) -> Any:
    """The text as a value of this sort; None where it is none."""
    match sort:
        case Sort.FLAG:
            return _FLAGS.get(text)
        case Sort.WHOLE:
            return int(text) if _WHOLE.fullmatch(text) else None
        case _:
            return float(text) if _NUMBER.fullmatch(text) else None


def _plain(data: Data) -> Any:
    """A value whose form nobody knows, in JSON's types."""
    if isinstance(data, dict):
        return {key: _plain(child) for key, child in data.items()}
    if isinstance(data, list):
        return [_plain(child) for child in data]
    if isinstance(data, Scalar) and data.plain:
        if data in _FLAGS:
            return _FLAGS[data]
        return json.loads(data) if _NUMBER.fullmatch(data) and not re.match(r"-?0\d", data) else str(data)
    return None if data is None else str(data)


def _near(text: str, known: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in known}
    found = difflib.get_close_matches(text.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""


def _listed(names: Sequence[str]) -> str:
    told = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return f"{told} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else told


def _name(path: Path, form: Form) -> str:
    """`containerDefinitions[0].cpu`; of the whole, AWS's name of it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"`{''.join(parts).removeprefix('.')}`" if path else form.name
