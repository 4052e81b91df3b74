"""Several configs in one run: all their problems at once, and what they may not have in common."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from esprestack.config.load import Prepared
from esprestack.errors import ConfigError, InputError, Problem

if TYPE_CHECKING:
    from esprestack.config.examine import Loaded

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by their place; those without one last. Each is told once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.where is None, problem.where))


def all_of(work: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
    """`work` done to every item. Raises ConfigError with the problems of all of them."""
    results: list[_Out] = []
    problems: list[Problem] = []
    for item in items:
        try:
            results.append(work(item))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return results


def stand_twice(configs: "Sequence[Loaded]", region_of: Callable[[Prepared], str]) -> list[Problem]:
    """Rules of one name in two configs of one region: both places."""
    seen: dict[tuple[str, str], tuple[Loaded, int]] = {}
    problems = []
    for loaded in configs:
        for index, entry in zip(loaded.indices, loaded.config.rules or [], strict=True):
            first, at = seen.setdefault((region_of(loaded.prepared), entry.name), (loaded, index))
            if first is not loaded:
                place = first.prepared.tree.where(("rules", at, "name"))
                what = f"the rule `{entry.name}` stands in two configs of one region, first at {place}"
                here = loaded.prepared.tree.where(("rules", index, "name"))
                problems.append(Problem(what, here, "rename or remove one", "doubled-name"))
    return problems


def check_rules(prepared: Sequence[Prepared], names: Sequence[str]) -> None:
    """Raises InputError for names that no config has."""
    known = [name for item in prepared for name in item.wanted]
    problems = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            todo = f"did you mean `{near[0]}`?" if near else "see the names with: esprestack render"
            problems.append(Problem(f"no config has a rule `{name}`", todo=todo))
    if problems:
        raise InputError(problems)
