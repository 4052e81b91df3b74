"""From config files to desired rules: read, render, parse, check against the model."""

import functools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from esprestack.backends.base import Wanted
from esprestack.config.jsonnet_vars import ExtVars
from esprestack.config.kind import NAMES, Kind, kind_by_name, kind_of
from esprestack.config.lookups.base import Function, Lookup
from esprestack.config.source import MISSING, Source, check_reserved, read_tree
from esprestack.config.tree import Data, Tree
from esprestack.errors import ConfigError, InputError, Problem, Where
from esprestack.rule import Home

if TYPE_CHECKING:
    from esprestack.config.preamble import Preamble

_DEEPEST = 5
"""Files that extend each other."""

_TAG = re.compile(r"\{\{|\{%|\{#")


class Plugged(Protocol):
    """From a file, its folder and its preamble to the look-ups that ask others: AWS, states."""

    def __call__(self, source: Source, folder: Path, preamble: "Preamble") -> Sequence[Lookup]: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What configs are prepared with. `shown_from`: paths are shown relative to it, and `extends` stays below it."""

    shown_from: Path
    local: Sequence[Lookup] = ()
    plugged: Plugged = lambda *_: ()
    ext: ExtVars = ExtVars()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True)
class Prepared:
    """A config after templating and parsing, before it is held against the model."""

    source: Source
    text: str
    tree: Tree
    missing: tuple[Problem, ...]
    below: "tuple[Prepared, ...]" = ()
    """The files that it extends."""

    def top(self, *keys: str) -> str:
        """A top-level text, for what has to be known before the whole is checked; empty if it isn't there."""
        data = self.tree.data if isinstance(self.tree.data, dict) else {}
        return next((str(value) for key in keys if isinstance(value := data.get(key), str)), "")

    @functools.cached_property
    def wanted(self) -> Mapping[str, Wanted]:
        """Each rule's name and which live rule is meant: its target's id is by default the name."""
        data = self.tree.data if isinstance(self.tree.data, dict) else {}
        rules = data.get("rules")
        usual = self.top("backend") or Home.RULES
        found: dict[str, Wanted] = {}
        for entry in rules if isinstance(rules, list) else []:
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(entry, dict) and isinstance(name, str):
                home = Home.SCHEDULER if (_text(entry, "backend") or usual) == Home.SCHEDULER else Home.RULES
                target_id = _text(entry, "targetId", "target_id") or str(name)
                found[str(name)] = Wanted(target_id, home, _text(entry, "scheduleGroup", "schedule_group"))
        return found


def _text(entry: Mapping[str, Data], *keys: str) -> str:
    """The first of the texts under `keys`; empty if none is there."""
    return next((str(value) for key in keys if isinstance(value := entry.get(key), str)), "")


def find_configs(patterns: Sequence[str], folder: Path) -> list[Path]:
    """The files that `patterns` (paths or globs, relative to `folder`) name, in order, each once.

    Without patterns: of each kind of config the one file with a default name. Raises InputError for a pattern that
    names nothing.
    """
    if not patterns:
        found = [path for names in NAMES.values() if (path := _first(folder, names))]
        if found:
            return found
        names = ", ".join(NAMES[Kind.RULES])
        what = f"no config file: none of {names} is in {folder}, and no {NAMES[Kind.SERVICE][0]} either"
        raise InputError(Problem(what, todo="name it with --config, or in the action with `config:`"))
    files: dict[Path, None] = {}
    problems = []
    for pattern in patterns:
        matches = _matches(pattern, folder)
        if not matches:
            problems.append(Problem(f"no config file matches `{pattern}`", todo=f"looked below {folder}"))
        files.update(dict.fromkeys(matches))
    if problems:
        raise InputError(problems)
    return list(files)


def _first(folder: Path, names: Iterable[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _matches(pattern: str, folder: Path) -> list[Path]:
    path = folder / pattern
    if path.is_file():
        return [path]
    if path.is_dir():
        raise InputError(Problem(f"`{pattern}` is a folder, not a config file", todo="name the files in it"))
    if not any(character in pattern for character in "*?["):
        return []
    anchor = Path(path.anchor) if Path(pattern).is_absolute() else folder
    relative = str(path.relative_to(anchor)) if Path(pattern).is_absolute() else pattern
    try:
        return sorted(match for match in anchor.glob(relative) if match.is_file())
    except (ValueError, NotImplementedError) as error:
        raise InputError(Problem(f"`{pattern}` is no usable glob: {error}")) from None


def by_kind(paths: Iterable[Path], shown_from: Path) -> dict[Kind, list[Path]]:
    """The files of each kind of config, in their order."""
    found: dict[Kind, list[Path]] = {kind: [] for kind in Kind}
    for path in paths:
        try:
            kind = kind_of(read_source(path, shown_from))
        except ConfigError:  # told when it is prepared
            kind = kind_by_name(path.name)
        found[kind].append(path)
    return found


def read_source(path: Path, shown_from: Path) -> Source:
    """The file's text. `Source.path` is relative to `shown_from`, as people and annotations name it."""
    shown = os.path.relpath(path, shown_from) if path.is_relative_to(shown_from) else str(path)
    if path.suffix not in (".yaml", ".yml", ".json", ".jsonnet"):
        what = f"`{path.suffix or path.name}` is not a config's ending"
        raise ConfigError(Problem(what, Where(shown), "use .yaml, .yml, .json or .jsonnet"))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(Problem(f"can't be read: {error.strerror}", Where(shown))) from None
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start + 1})"
        raise ConfigError(Problem(what, Where(shown), "save it as UTF-8")) from None
    return source_of(shown, text)


def source_of(shown: str, text: str) -> Source:
    """The config with this text, whatever its line endings."""
    return Source(shown, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def prepare(path: Path, surroundings: Surroundings) -> Prepared:
    """The file rendered and parsed, with what it extends below it. Raises ConfigError."""
    return prepare_source(read_source(path, surroundings.shown_from), path.parent, surroundings)


def prepare_source(source: Source, folder: Path, surroundings: Surroundings) -> Prepared:
    """As `prepare`, of a text that stands in `folder`."""
    chain = [prepare_alone(source, folder, surroundings)]
    while (extended := chain[-1].top("extends")) and MISSING not in extended:
        place = chain[-1].tree.where(("extends",))
        if len(chain) > _DEEPEST:
            todo = "one file extends the other in a circle" if _is_circle(chain) else "extend fewer files"
            raise ConfigError(Problem(f"more than {_DEEPEST} files extend each other", place, todo))
        path = named_file("extends", extended, folder, place, surroundings.shown_from)
        folder = path.parent
        chain.append(prepare_alone(read_source(path, surroundings.shown_from), folder, surroundings))
    first = chain[0]
    if len(chain) == 1 and not (isinstance(first.tree.data, dict) and "defaults" in first.tree.data):
        return first
    from esprestack.config.layers import Layered  # needs the model, which is heavy

    missing = tuple(problem for prepared in chain for problem in prepared.missing)
    return replace(first, tree=Layered([prepared.tree for prepared in chain]), missing=missing, below=tuple(chain[1:]))


def named_file(key: str, name: str, folder: Path, place: Where, root: Path) -> Path:
    """The file that `key: name` in a file of `folder` means: nothing outside `root` is read on a config's word.

    Raises ConfigError.
    """
    try:
        found = (folder / name).resolve()
        is_there = found.is_file()
    except (OSError, ValueError, RuntimeError):  # a name too long, or with a NUL; links in a circle
        found, is_there = folder, False
    if not found.is_relative_to(root.resolve()):
        what = f"`{key}: {name}` leaves the folder {root.name or root}"
        raise ConfigError(
            Problem(what, place, "extend a file below it" if key == "extends" else "name a file below it")
        )
    if not is_there:
        raise ConfigError(Problem(f"`{key}: {name}`: there is no such file", place, "paths count from this file"))
    return found


def _is_circle(chain: Sequence[Prepared]) -> bool:
    return len({prepared.source.path for prepared in chain}) < len(chain)


def prepare_alone(source: Source, folder: Path, surroundings: Surroundings) -> Prepared:
    """The file rendered with the look-ups that it asks for, and parsed, whatever it extends. Raises ConfigError."""
    if source.path.endswith(".jsonnet"):
        from esprestack.config.from_jsonnet import prepare_jsonnet

        return prepare_jsonnet(source, folder, surroundings)
    if not _TAG.search(source.text):
        return _parsed(source)
    from esprestack.config.preamble import read_preamble  # Jinja is heavy: only who renders pays for it

    preamble = read_preamble(source, functions_of(surroundings.local))
    return _rendered(source, [*surroundings.local, *surroundings.plugged(source, folder, preamble)])


def prepare_part(source: Source, folder: Path, root: Path, lookups: Sequence[Lookup], ext: ExtVars) -> Prepared:
    """A file that a config names, rendered with the config's own look-ups, and parsed. Raises ConfigError.

    What it imports, if it is Jsonnet, is below `root`.
    """
    if source.path.endswith(".jsonnet"):
        from esprestack.config.from_jsonnet import evaluated_with

        return evaluated_with(source, folder, lookups, ext, root)
    return _rendered(source, lookups) if _TAG.search(source.text) else _parsed(source)


def _parsed(source: Source) -> Prepared:
    check_reserved(source)
    tree = read_tree(source.text, source, lambda line, column: Where(source.path, line, column))
    return Prepared(source, source.text, tree, ())


def _rendered(source: Source, lookups: Sequence[Lookup]) -> Prepared:
    from esprestack.config.template import render

    rendered = render(source, functions_of(lookups), lambda: fetch_all(lookups))
    try:
        tree = read_tree(rendered.text, source, rendered.locate)
    except ConfigError as error:
        # A missing value leaves no JSON behind; YAML takes it as a text.
        only_follows = source.is_json and (rendered.missing or rendered.unknown)
        raise ConfigError([*rendered.missing, *(() if only_follows else error.problems)]) from None
    return Prepared(source, rendered.text, tree, tuple(rendered.missing))


def functions_of(lookups: Iterable[Lookup]) -> dict[str, Function]:
    """The functions of all look-ups by name."""
    return {name: function for lookup in lookups for name, function in lookup.functions.items()}


def fetch_all(lookups: Sequence[Lookup]) -> None:
    """Lets every look-up get its answers, side by side. Raises AwsError where no call can succeed."""
    with ThreadPoolExecutor(max(1, len(lookups))) as pool:
        for fetched in [pool.submit(lookup.fetch) for lookup in lookups]:
            fetched.result()
