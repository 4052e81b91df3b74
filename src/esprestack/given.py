"""What people hand over as text: JSON objects of secrets and variables, dotenv files, lists. Parsed strictly."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from esprestack.errors import InputError, Problem, Where

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def mapping(text: str, name: str) -> dict[str, str]:
    """The names and values in `text`, a JSON object such as GitHub's `toJSON(secrets)`; empty text means none.

    Raises InputError that never quotes `text`, which may hold secrets.
    """
    if not text.strip():
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        raise InputError(Problem(f"{name} is no JSON", todo='write an object: {"NAME": "value"}')) from None
    if values is None:  # toJSON(vars) where there are none
        return {}
    if not isinstance(values, dict):
        raise InputError(Problem(f"{name} is no JSON object", todo='write an object: {"NAME": "value"}'))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def dotenv(path: Path) -> Mapping[str, str]:
    """The variables of a dotenv file: `NAME=value`, quotes around the value, `#` comments, `export`."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the env file can't be read: {error}", Where(str(path)))) from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ASSIGNMENT.match(line)
        if match is None:
            raise InputError(Problem("no assignment", Where(str(path), number, 1), "write NAME=value"))
        values[match[1]] = _unquoted(match[2])
    return values


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return inner if value[0] == "'" else inner.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    return re.split(r"\s+#", value, maxsplit=1)[0]


def lines(text: str) -> tuple[str, ...]:
    """One entry a line; blank lines and comments (`#`) don't count."""
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))
