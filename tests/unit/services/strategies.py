"""Any document that ECS's description allows: made from the forms, so that what AWS adds is in it too."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.unit.strategies import texts

from esprestack.services.documents import KEYED, PAIRS
from esprestack.services.shapes import Form, Sort

_MOST_OPTIONAL = 3
"""Members beside those that are required: with all of them documents would be huge."""


def documents(form: Form) -> SearchStrategy[dict[str, Any]]:
    """Documents with all required members and a few others; entries of lists in no order have names of their own."""
    return _of(form, "")


def _of(form: Form, name: str) -> SearchStrategy[Any]:
    match form.sort:
        case Sort.STRUCTURE:
            return _structure(form)
        case Sort.LIST:
            assert form.item is not None
            least = form.least or (1 if name == "containerDefinitions" else 0)
            most = min(max(least, 2), 2 if form.most is None else form.most)
            items = st.lists(_of(form.item, name), min_size=least, max_size=most)
            return items.map(lambda found: _told_apart(found, form, name))
        case Sort.MAP:
            return st.dictionaries(st.text("aBcDeF-_.", min_size=1, max_size=6), texts(max_size=8), max_size=2)
        case Sort.ANYTHING:
            return st.dictionaries(st.text("aB", min_size=1, max_size=2), st.integers(0, 9) | st.booleans(), max_size=2)
        case Sort.FLAG:
            return st.booleans()
        case Sort.WHOLE:
            return st.integers(form.least or 0, min(form.most or 70_000, 70_000))
        case Sort.NUMBER:
            return st.integers(30, 1000).map(lambda tenths: tenths / 10)
    if form.choices:
        return st.sampled_from(form.choices)
    return texts(min_size=max(1, form.least or 0), max_size=min(12, form.most or 12))


def _later(form: Form, name: str) -> SearchStrategy[Any]:
    return st.deferred(lambda: _of(form, name))


def _structure(form: Form) -> SearchStrategy[dict[str, Any]]:
    members = {name: _later(member, name) for name, member in form.members.items()}
    optional = [name for name in members if name not in form.required]
    if form.is_union:
        chosen: SearchStrategy[set[str]] = st.sampled_from(optional).map(lambda name: {name})
    elif optional:
        chosen = st.sets(st.sampled_from(optional), max_size=_MOST_OPTIONAL)
    else:
        chosen = st.just(set())

    def made(names: set[str]) -> SearchStrategy[dict[str, Any]]:
        wanted = {name: member for name, member in members.items() if name in names or name in form.required}
        return st.fixed_dictionaries(wanted)

    return chosen.flatmap(made)


def _told_apart(items: list[Any], form: Form, name: str) -> list[Any]:
    """Entries of one list have different names, as AWS wants it, and none says nothing."""
    keys = PAIRS[name][:1] if name in PAIRS else KEYED.get(name, ())
    assert form.item is not None
    if not keys:
        return list(filter(None, items)) if form.item.sort is Sort.STRUCTURE else list(dict.fromkeys(items))
    member = form.item.members[keys[0]]
    names = member.choices or [100 + at if member.sort is Sort.WHOLE else f"n{at}" for at in range(len(items))]
    return [item | {keys[0]: key} for item, key in zip(items, names, strict=False)]
