"""From config files to desired rules: read, render, parse, check against the model."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from esprestack.config.lookups.base import Function, Lookup
from esprestack.config.source import Source, Tree, check_reserved, read_tree
from esprestack.errors import ConfigError, InputError, Problem, Where
from esprestack.secrets import Vault

DEFAULT_NAMES = tuple(f"ecschedule.{ending}" for ending in ("yaml", "yml", "json"))

_TAG = re.compile(r"\{\{|\{%|\{#")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A config after templating and parsing, before it is held against the model."""

    source: Source
    text: str
    tree: Tree
    missing: tuple[Problem, ...]

    def top(self, *keys: str) -> str:
        """A top-level text, for what has to be known before the whole is checked; empty if it isn't there."""
        data = self.tree.data if isinstance(self.tree.data, dict) else {}
        return next((str(value) for key in keys if isinstance(value := data.get(key), str)), "")

    def targets(self) -> dict[str, str]:
        """Each rule's name and the id of its target, which by default is the name."""
        data = self.tree.data if isinstance(self.tree.data, dict) else {}
        rules = data.get("rules")
        found: dict[str, str] = {}
        for entry in rules if isinstance(rules, list) else []:
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(entry, dict) and isinstance(name, str):
                target = entry.get("targetId") or entry.get("target_id")
                found[str(name)] = str(target if isinstance(target, str) else name)
        return found


def find_configs(patterns: Sequence[str], folder: Path) -> list[Path]:
    """The files that `patterns` (paths or globs, relative to `folder`) name, in order, each once.

    Without patterns: the one file with a default name. Raises InputError for a pattern that names nothing.
    """
    if not patterns:
        found = [folder / name for name in DEFAULT_NAMES if (folder / name).is_file()]
        if found:
            return found[:1]
        names = ", ".join(DEFAULT_NAMES)
        what = f"no config file: none of {names} is in {folder}"
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


def read_source(path: Path, shown_from: Path) -> Source:
    """The file's text. `Source.path` is relative to `shown_from`, as people and annotations name it."""
    shown = os.path.relpath(path, shown_from) if path.is_relative_to(shown_from) else str(path)
    if path.suffix not in (".yaml", ".yml", ".json"):
        what = f"`{path.suffix or path.name}` is not a config's ending"
        raise ConfigError(Problem(what, Where(shown), "use .yaml, .yml or .json"))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(Problem(f"can't be read: {error.strerror}", Where(shown))) from None
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start + 1})"
        raise ConfigError(Problem(what, Where(shown), "save it as UTF-8")) from None
    return Source(shown, text.replace("\r\n", "\n").replace("\r", "\n"))


def prepare(source: Source, lookups: Sequence[Lookup], vault: Vault) -> Prepared:
    """`source` rendered and parsed. Raises ConfigError."""
    if not _TAG.search(source.text):
        check_reserved(source)
        tree = read_tree(source.text, source, lambda line, column: Where(source.path, line, column))
        return Prepared(source, source.text, tree, ())
    from esprestack.config.template import render  # Jinja is heavy: only who renders pays for it

    functions: dict[str, Function] = {}
    for lookup in lookups:
        functions.update(lookup.functions)
    rendered = render(source, functions, vault)
    try:
        tree = read_tree(rendered.text, source, rendered.locate)
    except ConfigError as error:
        # A missing value leaves no JSON behind; YAML takes it as a text.
        only_follows = source.is_json and rendered.missing
        raise ConfigError([*rendered.missing, *(() if only_follows else error.problems)]) from None
    return Prepared(source, rendered.text, tree, tuple(rendered.missing))
