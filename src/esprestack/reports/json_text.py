"""A value as JSON that goes into a config: templates in its texts come out as they stand."""

import json
from typing import Any

from esprestack.config.spans import escaped
from esprestack.reports.yaml_text import double_quoted, template


def json_text(value: Any, pad: str, unit: str, newline: str, colon: str) -> str:
    """`value` whose further lines begin with `pad`; `unit` is one step of indentation, without it all is one line."""
    if isinstance(value, str):
        return f'"{double_quoted(template(value))}"'
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value)
    inside = pad + unit
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(escaped(key), ensure_ascii=False)}{colon}{json_text(child, inside, unit, newline, colon)}"
            for key, child in value.items()
        ]
        opening, closing = "{}"
    else:
        parts = [json_text(item, inside, unit, newline, colon) for item in value]
        opening, closing = "[]"
        if all(isinstance(item, str) for item in value):
            unit = ""  # commands stand in one line
    if not unit:
        comma = "," if colon == ":" else ", "
        return f"{opening}{comma.join(parts)}{closing}"
    lines = f",{newline}{inside}".join(parts)
    return f"{opening}{newline}{inside}{lines}{newline}{pad}{closing}"
