"""What pydantic found, in the words of the file's author: key, expectation, place and "did you mean"."""

import difflib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from esprestack.config import entries, keys, model, service_file
from esprestack.config.source import MISSING
from esprestack.config.tree import Path, Tree
from esprestack.errors import Problem, Where

_OWNERS: dict[type[BaseModel], str] = {
    model.RuleEntry: "a rule",
    entries.ContainerOverride: "a container override",
    entries.EnvironmentFile: "an environment file",
    entries.ResourceRequirement: "a resource requirement",
    entries.CapacityProviderStrategy: "a capacity provider strategy",
    entries.PlacementConstraint: "a placement constraint",
    entries.PlacementStrategy: "a placement strategy",
    entries.TaskOverride: "a task override",
    entries.EphemeralStorage: "an ephemeral storage",
    entries.NetworkConfiguration: "a network configuration",
    entries.AwsVpcConfiguration: "a VPC configuration",
    entries.DeadLetterConfig: "a dead letter config",
    entries.RetryPolicy: "a retry policy",
    entries.FlexibleTimeWindow: "a flexible time window",
    model.Plugin: "a plugin",
    entries.DisabledUntil: "`disabled:`",
    service_file.Ignore: "`ignore:`",
}


def _entries() -> dict[str, tuple[str, type[BaseModel]]]:
    """For each spelling of a key that holds mappings: what they are called, and their model."""
    kinds: list[type[BaseModel]] = [model.Config, service_file.ServiceFile, *_OWNERS]
    return {name: (_OWNERS[part], part) for kind in kinds for names, part in keys.parts(kind) for name in names}


_ENTRIES = _entries()


def complaints(error: ValidationError, tree: Tree, root: type[BaseModel] = model.Config) -> Iterator[Problem]:
    """All problems in the order of the file, each once, but those that only follow from a missing value.

    `root` is the model of the whole file.
    """
    found: dict[Problem, None] = {}  # what `defaults:` says wrong is wrong in every rule
    for detail in error.errors(include_url=False):
        path = place_of(detail["loc"])
        unknown = detail["type"] == "extra_forbidden"
        if isinstance(detail["input"], str) and MISSING in detail["input"] and not unknown:
            continue
        if len(path) == 1 and unknown and _is_tolerated(str(path[0]), tree):
            continue
        found[_complaint(detail["type"], path, detail.get("ctx", {}), detail["input"], tree, root)] = None
    yield from sorted(found, key=lambda problem: (problem.where is None, problem.where))


def place_of(location: tuple[int | str, ...]) -> Path:
    """The path in the tree of a location of pydantic's, which also names keys (`[key]`) and tags of unions."""
    return tuple(part for part in location if not str(part).startswith("["))


def _is_tolerated(key: str, tree: Tree) -> bool:
    """`x-…` keys, and keys that only hold anchors for others: ecschedule's users keep shared parts there."""
    return key.startswith("x-") or key in tree.shared


def _complaint(
    kind: str, path: Path, context: dict[str, Any], given: Any, tree: Tree, root: type[BaseModel]
) -> Problem:
    name = f"`{_name(path)}`"
    place = tree.where(path)
    match kind:
        case "extra_forbidden":
            return _unknown_key(path, tree, root)
        case "missing":
            owner, _ = _owner(path, root)
            what, todo = f"{name} is missing in {owner}", f"add `{path[-1]}:` to {owner}"
            return Problem(what, tree.where(path[:-1]), todo, "missing-key")
        case "value_error":
            return Problem(f"{name} {context['error']}", place, _advice(str(context["error"]), given), "wrong-type")
        case "model_type" | "model_attributes_type" | "dict_type":
            return Problem(f"{name} must be a mapping", place, "write keys and values below it", "wrong-type")
        case "list_type":
            return Problem(f"{name} must be a list", place, "begin each item with `- `", "wrong-type")
        case "literal_error":
            expected = str(context["expected"]).replace("'", "`")
            return Problem(f"{name} must be {expected}, not `{given}`", place, "", "wrong-value")
        case "string_pattern_mismatch":
            what = f"{name} is `{given}`: letters, digits, `.`, `-` and `_` only"
            return Problem(what, place, "rename it", "wrong-value")
        case "string_too_long" | "too_long" if isinstance(given, str):
            return too_long(name, len(given), context["max_length"], place)
        case "too_long":
            what = f"{name} has {len(given)} entries, AWS takes {context['max_length']}"
            return Problem(what, place, "remove some", "too-long")
        case "string_too_short" | "too_short":
            return Problem(f"{name} is empty", place, "give it a value or remove it", "wrong-value")
        case "greater_than_equal":
            return Problem(f"{name} must be at least {context['ge']}, not {given}", place, "", "wrong-value")
        case "less_than_equal":
            return Problem(f"{name} must be at most {context['le']}, not {given}", place, "", "wrong-value")
    return Problem(f"{name} is not what it should be: {kind}", place, "", "wrong-value")


def too_long(name: str, length: int, most: int, place: Where) -> Problem:
    return Problem(f"{name} has {length} characters, AWS takes {most}", place, "shorten it", "too-long")


def _unknown_key(path: Path, tree: Tree, root: type[BaseModel]) -> Problem:
    owner, kind = _owner(path, root)
    known = _known(kind)
    if path[-1] in known:
        others = next(names for names in keys.spellings_by_field(kind) if path[-1] in names)
        twin = next(name for name in others if name != path[-1] and tree.find((*path[:-1], name)))
        what = f"`{path[-1]}` and `{twin}` are the same key"
        return Problem(what, tree.where_key(path), "remove one", "doubled-key")
    return Problem(
        f"`{path[-1]}` is not a key of {owner}", tree.where_key(path), _near(str(path[-1]), kind), "unknown-key"
    )


@functools.cache
def _known(kind: type[BaseModel]) -> Sequence[str]:
    return sorted(set(keys.spellings(kind)))


@functools.lru_cache(1024)
def _near(key: str, kind: type[BaseModel]) -> str:
    near = difflib.get_close_matches(key, _known(kind), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(_known(kind))}"


def _owner(path: Path, root: type[BaseModel]) -> tuple[str, type[BaseModel]]:
    """The mapping that the last key of `path` stands in, in words."""
    for part in reversed(path[:-1]):
        if part in _ENTRIES:
            return _ENTRIES[str(part)]
    return "the config", root


def _name(path: Path) -> str:
    if len(path) == 2 and path[0] == "rules":
        return f"rules[{path[1]}]"
    return (
        "".join(
            f"[{part}]" if isinstance(part, int) else f"{'.' if index else ''}{part}"
            for index, part in enumerate(path)
            if not (part == "rules" and index == 0 and len(path) > 1) and not (index == 1 and path[0] == "rules")
        ).lstrip(".")
        or "rules"
    )


def _advice(said: str, given: Any) -> str:
    if said.startswith("must be true or false"):
        return "write `true` or `false`, without quotes"
    if said.startswith("must be a text") and isinstance(given, dict | list):
        return "write one value, in quotes if it holds special characters"
    return ""
