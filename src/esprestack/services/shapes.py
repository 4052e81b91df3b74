"""What may stand in a definition: ECS's own description of its requests and answers, as botocore has it.

In: the name of an operation or of a shape; out: a `Form`. No call is made, and nothing of botocore goes further.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

REGISTER, CREATE, UPDATE = "RegisterTaskDefinition", "CreateService", "UpdateService"


class Sort(StrEnum):
    """What a value is, in a file's words."""

    STRUCTURE = "a mapping"
    LIST = "a list"
    MAP = "a mapping of texts"
    TEXT = "a text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    FLAG = "true or false"
    ANYTHING = "anything"


_SORTS = {
    "structure": Sort.STRUCTURE, "list": Sort.LIST, "map": Sort.MAP, "string": Sort.TEXT, "integer": Sort.WHOLE,
    "long": Sort.WHOLE, "float": Sort.NUMBER, "double": Sort.NUMBER, "boolean": Sort.FLAG,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What a value has to be like. Of what isn't said there is none: no members, no limit, no choices."""

    name: str
    """AWS's name of it: `ContainerDefinition`."""
    sort: Sort
    members: Mapping[str, "Form"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    is_union: bool = False
    """Just one of the members may be there."""
    item: "Form | None" = None
    """Of a list its items, of a map its values."""
    choices: tuple[str, ...] = ()
    least: int | None = None
    """Of a number its value; of a text its characters, of a list its items."""
    most: int | None = None


@functools.cache
def request_form(operation: str) -> Form:
    """What `operation` (AWS's spelling, `CreateService`) takes."""
    return _form(_model().operation_model(operation).input_shape)


@functools.cache
def shape_form(name: str) -> Form:
    """The shape of that name, such as `TaskDefinition`, which answers have."""
    return _form(_model().shape_for(name))


def told_only(shape: str, operation: str) -> frozenset[str]:
    """The members that ECS tells of a thing and doesn't take: a definition may be what `describe` printed."""
    return frozenset(shape_form(shape).members) - frozenset(request_form(operation).members)


def taken(operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The members of `answer` that the operation's request has too, down to the last; those that are null left out."""
    members: dict[str, Any] = _taken(request_form(operation), answer)
    return members


def _taken(form: Form, value: Any) -> Any:
    match form.sort:
        case Sort.STRUCTURE:
            known = {name: member for name, member in value.items() if name in form.members and member is not None}
            return {name: _taken(form.members[name], member) for name, member in known.items()}
        case Sort.LIST if form.item:
            return [_taken(form.item, item) for item in value]
    return value


def unfit(operation: str, member: str, document: Mapping[str, Any]) -> str:
    """What is wrong with `document` as that member of the operation's request; empty if nothing is."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(document, _model().operation_model(operation).input_shape.members[member])
    return " ".join(report.generate_report().split("\n")) if report.has_errors() else ""


@functools.cache
def _model() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")


def _form(shape: Any) -> Form:
    sort = Sort.ANYTHING if getattr(shape, "is_document_type", False) else _SORTS.get(shape.type_name, Sort.ANYTHING)
    members = {name: _form(member) for name, member in shape.members.items()} if sort is Sort.STRUCTURE else {}
    inner = {Sort.LIST: "member", Sort.MAP: "value"}.get(sort)
    return Form(
        name=shape.name,
        sort=sort,
        members=MappingProxyType(members),
        required=frozenset(shape.required_members) if members else frozenset(),
        is_union=bool(getattr(shape, "is_tagged_union", False)),
        item=_form(getattr(shape, inner)) if inner else None,
        choices=tuple(getattr(shape, "enum", ())),
        least=shape.metadata.get("min"),
        most=shape.metadata.get("max"),
    )
