"""How much a template's values weigh, and how wide a format is: known before anything is made of them."""

import re
from collections.abc import Iterable
from typing import Any

from jinja2.utils import Namespace

HEAVIEST = 5_000_000
"""Characters that a rendered config may have, and any value on the way to it: more comes from a loop that ran away."""

ITEM = 16
"""An item weighs as much as so many characters, and what is in it besides."""

_ITEMS: Any = (list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_SIZED: Any = (str, dict, range, *_ITEMS)
_PERCENT = re.compile(r"%%|%(?:\([^()]*\)|(\())?[-#0 +]*(\*|\d*)\.?(\*|\d*)", re.ASCII)
_FIELD = re.compile(r"\{[^{}]*:([^{}]*)")
_HIDDEN = re.compile(r"\{[^{}]*(?::[^{}]*\{|\[[^\]]*[{}])")
"""A width that is a field itself, or a name that holds braces."""
_WIDEST = 4
"""Digits of a width."""


def weight(*values: Any) -> int:
    """Characters and items in `values`, all the way down; counted until it is more than HEAVIEST."""
    total = 0
    waiting = list(values)
    while waiting and total <= HEAVIEST:
        value = waiting.pop()
        if type(value) is Namespace:  # before any isinstance, which asks it for its attributes
            total += ITEM
            waiting.append(object.__getattribute__(value, "_Namespace__attrs"))
        elif isinstance(value, _ITEMS):
            total += ITEM * len(value)
            if len(value) > ITEM and set(map(type, value)) == {int}:  # all at once: they can be many
                total += len(value) * max(map(abs, value)).bit_length() // 3
            else:
                waiting += value
        elif isinstance(value, str):
            total += len(value)
        elif isinstance(value, int):
            total += value.bit_length() // 3
        elif isinstance(value, dict):
            total += 2 * ITEM * len(value)
            waiting += [*value, *value.values()]
    return total


def length(value: Any) -> int:
    """Characters or items of `value` itself."""
    return len(value) if isinstance(value, _SIZED) else 0


def width_for_percent(text: str) -> int | None:
    """How much wider `text % …` can be than what it is given; None if nobody can tell, or by far too much."""
    return _together(width for match in _PERCENT.finditer(text) for width in match.groups(""))


def width_for_fields(text: str) -> int | None:
    """The same of `text.format(…)`."""
    if _HIDDEN.search(text):
        return None
    return _together(width for layout in _FIELD.findall(text) for width in re.findall(r"\d+", layout))


def _together(widths: Iterable[str]) -> int | None:
    total = 0
    for width in widths:
        if width in ("(", "*") or len(width) > _WIDEST:
            return None
        total += int(width or 0)
    return total
