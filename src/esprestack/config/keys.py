"""What the model says of its keys: their spellings, what they hold, and how long it may be."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel


def spellings(model: type[BaseModel]) -> Iterator[str]:
    """Every key that a mapping of this kind may have, for "did you mean"."""
    for names in spellings_by_field(model):
        yield from names


def spellings_by_field(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """For each field the keys that mean it, ecschedule's first."""
    for field in model.model_fields.values():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            yield tuple(choice for choice in alias.choices if isinstance(choice, str))
        elif isinstance(alias, str):
            yield (alias,)


def parts(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """The keys of `model` that hold mappings, or lists of them, with the model of those."""
    for names, field in zip(spellings_by_field(model), model.model_fields.values(), strict=True):
        for part in _classes(field.annotation):
            yield names, part


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _classes(argument)


def longest(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The keys of `model` whose text has a largest length, and that length."""
    for names, field in zip(spellings_by_field(model), model.model_fields.values(), strict=True):
        for limit in field.metadata:
            most = getattr(limit, "max_length", None)
            if isinstance(most, int) and str in _plain(field.annotation):
                yield names, most


def _plain(annotation: Any) -> tuple[Any, ...]:
    """The types in an annotation, its metadata and containers left out."""
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    return (annotation, *(get_args(argument)[0] if get_args(argument) else argument for argument in arguments))
