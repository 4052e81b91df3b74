"""The types of a config's values: text of the file → texts, numbers, flags, moments; and what all mappings share.

Scalars arrive as text and get their type here, where the field is known, so that `010` stays a text in an environment
and `yes` is no boolean.
"""

import contextlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic import model_validator as validates

from esprestack.config.tree import Scalar

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def _text(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    raise ValueError(f"must be a text, not {kind(value)}")


def _whole(value: Any) -> Any:
    if isinstance(value, Scalar) and _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError(f"must be a whole number, not {kind(value)}")


def _flag(value: Any) -> Any:
    if isinstance(value, Scalar) and value.plain and value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return value.lower() == "true"
    raise ValueError(f"must be true or false, not {kind(value)}")


def _moment(value: Any) -> Any:
    """An ISO date or time; a time without zone, and a date's beginning, are in UTC."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise ValueError(f"must be a date like 2026-12-31 or a time like 2026-12-31T09:00+09:00, not {kind(value)}")


def kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"`{value}`" if value is not None else "empty"


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int | float | bool)]
Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
Texts = list[Text]
Map = Annotated[dict[Text, Text], PlainSerializer(dict)]


def key(name: str, *others: str, **settings: Any) -> Any:
    """A field with ecschedule's spelling, and the spellings that are accepted beside it."""
    settings.setdefault("default", None)
    return Field(validation_alias=AliasChoices(name, *others) if others else name, serialization_alias=name, **settings)


class Part(BaseModel):
    """A mapping of the file: unknown keys are errors, an empty value means the key isn't there."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @validates(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data
