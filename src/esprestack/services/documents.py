"""Documents of ECS: their seals opened, and whether a revision is what RegisterTaskDefinition would make of one. Pure.

In: documents in AWS's spelling; out: documents, or a yes or no.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from esprestack.checks.sizes import cpu_units, memory_mib
from esprestack.plan.compare import Veil
from esprestack.services.model import Document

_FILLED_IN: Mapping[str, Any] = {
    "cpu": 0,
    "essential": True,
    "interval": 30,
    "networkMode": "bridge",
    "protocol": "tcp",
    "retries": 3,
    "rootDirectory": "/",
    "timeout": 5,
}
"""What ECS fills in where nothing was said, beside what is empty.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

_UNORDERED = frozenset({"requiresCompatibilities"})
_SIZES = {"cpu": cpu_units, "memory": memory_mib}
"""Texts of the task's size, which ECS writes in its smallest unit."""


def opened(document: Document, open_: Callable[[str], str]) -> dict[str, Any]:
    """The document with `open_` made to each text: what a request takes, and nothing else may see."""
    return {key: _opened(member, open_) for key, member in document.items()}


def _opened(value: Any, open_: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return opened(value, open_)
    if isinstance(value, list | tuple):
        return [_opened(item, open_) for item in value]
    return open_(value) if isinstance(value, str) else value


def tags_in(members: Collection[Document] | None) -> dict[str, str]:
    """ECS's list of tags by their keys."""
    return {tag["key"]: tag.get("value") or "" for tag in members or ()}


def hide_secrets(document: Document, veil: Veil) -> None:
    """What its name makes a secret is masked from now on, wherever AWS or a log repeats it.

    `document` is a task definition or a TaskOverride.
    """
    for container in (*(document.get("containerDefinitions") or ()), *(document.get("containerOverrides") or ())):
        for variable in container.get("environment") or ():
            veil.shown(f"container.environment.{variable.get('name')}", str(variable.get("value") or ""))
        for list_of_texts in ("command", "entryPoint"):
            veil.shown(list_of_texts, list(container.get(list_of_texts) or ()))


def is_registered(wanted: Document, found: Document, ignored_tags: Collection[str] = ()) -> bool:
    """Whether `found`, a revision with its tags, is what registering `wanted` makes: equal but for ECS's defaults.

    In doubt it isn't: a revision too many does no harm, a wrong one does. Tags of AWS's own and `ignored_tags` don't
    count.
    """
    if _own_tags(wanted, ignored_tags) != _own_tags(found, ignored_tags):
        return False
    return _is_made_of({**wanted, "tags": None}, {**found, "tags": None})


def _own_tags(document: Document, ignored: Collection[str]) -> dict[str, str]:
    tags = tags_in(document.get("tags"))
    return {key: value for key, value in tags.items() if key not in ignored and not key.startswith("aws:")}


def _is_made_of(wanted: Any, found: Any, name: str = "") -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        both = wanted.keys() & found.keys()
        alone = [(key, one) for one in (wanted, found) for key in one.keys() - both]
        same = all(_is_made_of(wanted[key], found[key], key) for key in both)
        return same and all(_is_filled_in(key, one) for key, one in alone)
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        return _are_made_of(list(wanted), list(found), name)
    if _is_empty(wanted) and _is_empty(found):
        return True
    if isinstance(wanted, str) and isinstance(found, str) and name in _SIZES:
        size = _SIZES[name](wanted)
        return wanted == found or (size is not None and size == _SIZES[name](found))
    return type(wanted) is type(found) and bool(wanted == found)


def _are_made_of(wanted: list[Any], found: list[Any], name: str) -> bool:
    """Entries with members stand in any order, for ECS gives them back in any; texts in theirs."""
    if len(wanted) != len(found):
        return False
    if name in _UNORDERED:
        return sorted(wanted) == sorted(found)
    if not all(isinstance(item, Mapping) for item in wanted):
        return wanted == found
    left = list(found)
    for item in wanted:
        match = next((other for other in left if _is_made_of(item, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _is_filled_in(key: str, document: Document) -> bool:
    """Whether it is as if this member weren't there."""
    value = document[key]
    if value is None or value == "":
        return True
    if key == "hostPort":
        return value in (0, document.get("containerPort"))
    if key in _FILLED_IN:
        return type(value) is type(_FILLED_IN[key]) and bool(value == _FILLED_IN[key])
    return _is_empty(value)


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [], (), {})
