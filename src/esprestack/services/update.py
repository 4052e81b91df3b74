"""What UpdateService is told so that a live service becomes what its file says, and what it can't be told. Pure.

A member that UpdateService isn't told stays as it is, so what the file leaves out is told by its default.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esprestack.errors import Problem
from esprestack.plan.compare import FieldChange
from esprestack.services.members import OFF, TAKEN_AWAY, definition_form, for_good
from esprestack.services.model import Definition, Document
from esprestack.services.normal import SERVICE, filled

_DEPLOYMENT = "deploymentConfiguration"
_STRATEGY = "capacityProviderStrategy"


@dataclass(frozen=True, slots=True)
class Update:
    """UpdateService's members, and why some of the differences can't be made."""

    members: Document
    refusals: tuple[Problem, ...]


def update_of(definition: Definition, fields: Sequence[FieldChange]) -> Update:
    """The update for the `fields` in which the service differs; tags aren't UpdateService's affair."""
    wanted = definition.document
    full = filled(wanted, SERVICE)
    changed: dict[str, list[Sequence[str]]] = {}
    for field in fields:
        name, *inner = re.split(r"[.\[]", field.path)
        if name != "tags":
            changed.setdefault(name, []).append(inner)
    members: dict[str, Any] = {}
    refusals: list[Problem] = []
    for name in definition_form().members:
        if name not in changed:
            continue
        if name in for_good():
            refusals += _for_good(definition, name, fields, strategy_changes=_STRATEGY in changed)
        elif name == _DEPLOYMENT:
            members[name] = _deployment(wanted.get(name) or {}, full[name], changed[name])
        elif wanted.get(name) not in (None, [], {}):
            members[name] = wanted[name]
        elif name in TAKEN_AWAY:
            members[name] = TAKEN_AWAY[name]
        elif full.get(name) not in (None, [], {}):
            members[name] = full[name]
        else:
            what = f"`{name}` can't be taken away from a service"
            todo = "write down what it is to be, or make the service anew"
            refusals.append(Problem(what, definition.tree.where((name,)), todo, "for-good"))
    return Update(members, tuple(refusals))


def _for_good(
    definition: Definition, name: str, fields: Sequence[FieldChange], *, strategy_changes: bool
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""
    for field in fields:
        # a capacity provider strategy that goes
        gives_way = name == "launchType" and field.before is None and strategy_changes
        if field.path == name and not gives_way:
            before, after = (f"`{value}`" if value is not None else "not set" for value in (field.before, field.after))
            what = f"`{name}` is {before} for good, it can't become {after}"
            where = definition.tree.where((name,))
            yield Problem(what, where, "keep it, or make a service of another name and delete this one", "for-good")


def _deployment(wanted: Mapping[str, Any], full: Mapping[str, Any], changed: Sequence[Sequence[str]]) -> dict[str, Any]:
    """What the file says of it, and of what it leaves out but AWS has otherwise the default, also within a member.

    Nobody says whether a member's own members that UpdateService isn't told stay as they are.
    """
    told = dict(wanted)
    for name, *inner in changed:
        default = OFF.get(name, full.get(name))
        if name not in wanted and default is not None:
            told[name] = default
        elif isinstance(wanted.get(name), Mapping) and inner and inner[0] in full[name]:
            told[name] = {inner[0]: full[name][inner[0]], **told[name]}
    return told
