"""A prepared config held against the model: everything that is wrong with it, and what can be read all the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from esprestack.config import keys, model
from esprestack.config.complaints import complaints, place_of, too_long
from esprestack.config.load import Prepared
from esprestack.config.seals import broken_seals
from esprestack.config.source import MISSING
from esprestack.config.tree import Path, Tree, copied
from esprestack.errors import ConfigError, Problem
from esprestack.secrets import RESERVED, Vault


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that passed its model."""

    config: model.Config
    prepared: Prepared
    indices: tuple[int, ...]
    """For each rule of `config` its index in the tree."""

    @property
    def path(self) -> str:
        return self.prepared.source.path


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that is wrong with a config's text, and what of it can be read all the same."""

    problems: tuple[Problem, ...]
    readable: Loaded | None


def check(prepared: Prepared, vault: Vault) -> Loaded:
    """`prepared` as a Config. Raises ConfigError with everything that is wrong, templating's misses included."""
    examined = examine(prepared, vault)
    if examined.problems or examined.readable is None:
        raise ConfigError(examined.problems)
    return examined.readable


def examine(prepared: Prepared, vault: Vault) -> Examined:
    """Every problem of `prepared`; what has none can be checked further."""
    tree = prepared.tree
    problems = list(prepared.missing)
    data = tree.data
    if not isinstance(data, dict):
        what = "a config is a mapping with `cluster:` and `rules:`"
        return Examined((*problems, Problem(what, tree.where(()), "see docs/config.md")), None)
    readable, said = _readable(prepared, _without_tolerated(data, tree))
    problems += said
    problems += _doubled_names(tree)
    if any(RESERVED.search(layer.text) for layer in (prepared, *prepared.below)):  # else there is no seal to break
        problems += broken_seals(tree, vault)
    problems += _long_secrets(tree, vault)
    return Examined(tuple(problems), readable)


def _readable(prepared: Prepared, data: dict[str, Any]) -> tuple[Loaded | None, list[Problem]]:
    """The config without what the model can't read, and what it says of that."""
    data = copied(data)
    rules = data.get("rules")
    indices = list(range(len(rules))) if isinstance(rules, list) else []
    problems: list[Problem] = []
    for attempt in range(_ATTEMPTS):
        try:
            return Loaded(model.Config.model_validate(data), prepared, tuple(indices)), problems
        except ValidationError as error:
            if not attempt:
                problems = list(complaints(error, prepared.tree))
            rotten: set[int] = set()
            for detail in error.errors(include_url=False, include_context=False):
                path = place_of(detail["loc"])
                if not _removed(data, path):
                    if len(path) < 2 or path[0] != "rules" or not isinstance(path[1], int):
                        return None, problems
                    rotten.add(path[1])
            if isinstance(rules := data.get("rules"), list):
                data["rules"] = [entry for index, entry in enumerate(rules) if index not in rotten]
                indices = [at for index, at in enumerate(indices) if index not in rotten]
    return None, problems


_ATTEMPTS = 4
"""What is taken away can leave something incomplete, which goes in the next attempt."""


def _removed(data: Any, path: Path) -> bool:
    """Takes the value at `path` away, where that leaves its list as it is; whether it could."""
    for part in path[:-1]:
        data = data[part] if isinstance(data, list) and isinstance(part, int) else (data or {}).get(part)
    if isinstance(data, dict) and path[-1] in data:
        del data[path[-1]]
        return True
    return False


def _without_tolerated(data: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    known = set(keys.spellings(model.Config))
    return {
        key: value for key, value in data.items() if key in known or not (key.startswith("x-") or key in tree.shared)
    }


def _doubled_names(tree: Tree) -> list[Problem]:
    rules = tree.data.get("rules") if isinstance(tree.data, dict) else None
    seen: dict[str, int] = {}
    problems = []
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or MISSING in name:
            continue
        if name in seen:
            first = tree.where(("rules", seen[name], "name"))
            what = f"the rule name `{name}` stands twice, first at {first}"
            place = tree.where(("rules", index, "name"))
            problems.append(Problem(what, place, "rename or remove one", "doubled-name"))
        seen.setdefault(name, index)
        problems += _doubled_containers(tree, index, entry)
    return problems


def _doubled_containers(tree: Tree, index: int, entry: object) -> list[Problem]:
    problems = []
    for key in ("containerOverrides", "container_overrides"):
        overrides = entry.get(key) if isinstance(entry, dict) else None
        seen: set[str] = set()
        for position, override in enumerate(overrides if isinstance(overrides, list) else []):
            name = override.get("name") if isinstance(override, dict) else None
            if isinstance(name, str) and name in seen and MISSING not in name:
                place = tree.where(("rules", index, key, position, "name"))
                problems.append(
                    Problem(f"the container `{name}` is overridden twice", place, "merge the two", "doubled-name")
                )
            seen.add(str(name))
    return problems


def _long_secrets(tree: Tree, vault: Vault) -> list[Problem]:
    """Texts that are too long once their secrets are opened: the model has only seen the seals."""
    rules = tree.data.get("rules") if isinstance(tree.data, dict) else None
    limits = [(name, most) for names, most in keys.longest(model.RuleEntry) for name in names]
    problems = []
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        for name, most in limits:
            text = entry.get(name) if isinstance(entry, dict) else None
            if isinstance(text, str) and len(text) <= most < len(vault.open(text)):
                place = tree.where(("rules", index, name))
                problems.append(too_long(f"`{name}`", len(vault.open(text)), most, place))
    return problems
