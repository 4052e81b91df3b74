"""Which kind of config a file is: the rules of an ecschedule.yaml, or the service of an ecspresso.yml.

In: the text before templating, for nothing of the other kind's files may be rendered; out: the kind, by the keys at the
top, or by the file's name where they don't tell.
"""

import json
import re
from enum import StrEnum
from pathlib import PurePath

from esprestack.config.source import Source


class Kind(StrEnum):
    """What a config describes."""

    RULES = "rules"
    SERVICE = "service"


NAMES = {
    Kind.RULES: tuple(f"ecschedule.{ending}" for ending in ("yaml", "yml", "json", "jsonnet")),
    Kind.SERVICE: tuple(f"ecspresso.{ending}" for ending in ("yml", "yaml", "json", "jsonnet")),
}
"""The files that are looked for where none is named; of each kind the first that is there."""

_OF_RULES = frozenset({"trackingId", "tracking_id", "extends", "defaults"})
_OF_A_SERVICE = frozenset({"service", "service_definition", "task_definition", "express_definition", "codedeploy"})

_YAML_KEY = re.compile(r"""^["']?([A-Za-z_]\w*)["']?[ \t]*:""", re.MULTILINE)
"""At the top: a rule may have a `task_definition` too, further in."""
_ANY_KEY = re.compile(r"""["']?\b([A-Za-z_]\w*)["']?\s*:""")


def kind_of(source: Source) -> Kind:
    """The kind of the config in `source`."""
    keys = _keys(source)
    if "rules" in keys:
        return Kind.RULES
    of_rules, of_a_service = bool(keys & _OF_RULES), bool(keys & _OF_A_SERVICE)
    if of_rules == of_a_service:
        return kind_by_name(source.path)
    return Kind.RULES if of_rules else Kind.SERVICE


def kind_by_name(path: str) -> Kind:
    """The kind that a file's name says: rules, unless it is ecspresso's own."""
    return Kind.SERVICE if PurePath(path).name in NAMES[Kind.SERVICE] else Kind.RULES


def _keys(source: Source) -> set[str]:
    """The keys at the top; of Jsonnet, and of JSON that is a template, the keys wherever they stand."""
    if not source.is_json:
        return set(_YAML_KEY.findall(source.text))
    try:
        data = json.loads(source.text)
    except (ValueError, RecursionError):
        return set(_ANY_KEY.findall(source.text))
    return set(data) if isinstance(data, dict) else set()
