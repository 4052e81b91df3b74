"""What people hand over as text: JSON objects of secrets and variables, dotenv files, lists. Parsed strictly."""

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

from esprestack.errors import InputError, Problem, Where

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def mapping(text: str, name: str) -> dict[str, str]:
    """The names and values in `text`, a JSON object such as GitHub's `toJSON(secrets)`; empty text means none.

    Raises InputError that never quotes `text`, which may hold secrets.
    """
    if not text.strip():
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(Problem(f"{name} is no JSON", todo='write an object: {"NAME": "value"}')) from None
    if values is None:  # toJSON(vars) where there are none
        return {}
    if not isinstance(values, dict):
        raise InputError(Problem(f"{name} is no JSON object", todo='write an object: {"NAME": "value"}'))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def dotenv(path: Path) -> Mapping[str, str]:
    """The variables of a dotenv file: `NAME=value`, quotes around the value, `#` comments, `export`."""
    from dotenv.parser import parse_stream

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the env file can't be read: {error}", Where(str(path)))) from None
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.key is None and not binding.error:  # a blank line, or a comment
            continue
        if binding.error or binding.value is None or not _NAME.fullmatch(binding.key or ""):
            raise InputError(Problem("no assignment", Where(str(path), binding.original.line, 1), "write NAME=value"))
        values[str(binding.key)] = binding.value
    return values


def lines(text: str) -> tuple[str, ...]:
    """One entry a line; blank lines and comments (`#`) don't count."""
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))
