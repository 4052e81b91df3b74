"""Secrets in a file's tree that can't be used: cut by a filter, or in places that AWS shows to everybody as names."""

from esprestack.config.tree import Tree
from esprestack.errors import Problem
from esprestack.secrets import Vault


def broken_seals(tree: Tree, vault: Vault) -> list[Problem]:
    """Secrets that a filter has cut, and secrets as keys."""
    problems = []
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), tree.data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for key, child in value.items():
                if vault.show(key) != key or vault.is_broken(key):
                    problems.append(
                        Problem("a secret can't be a key", tree.where_key((*path, key)), "use it as a value")
                    )
                waiting.append(((*path, key), child))
        elif isinstance(value, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(value))
        elif isinstance(value, str) and vault.is_broken(value):
            what = "a secret was changed by a filter and can't be opened any more"
            problems.append(Problem(what, tree.where(path), "use secret('NAME') as it is", "broken-secret"))
    return problems
