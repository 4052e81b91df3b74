"""What the model says of its keys: their spellings, what they hold, and how long it may be."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import AliasChoices, AliasPath, BaseModel


def spellings(model: type[BaseModel]) -> Iterator[str]:
    """Every key that a mapping of this kind may have, for "did you mean"."""
    for names in spellings_by_field(model):
        yield from names


@functools.cache
def spellings_by_field(model: type[BaseModel]) -> Sequence[tuple[str, ...]]:
    """For each field the keys that mean it, ecschedule's first."""
    return [tuple(_choices(field.validation_alias)) for field in model.model_fields.values()]


def _choices(alias: str | AliasPath | AliasChoices | None) -> Iterator[str]:
    for choice in alias.choices if isinstance(alias, AliasChoices) else [alias]:
        if isinstance(choice, str):
            yield choice


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
