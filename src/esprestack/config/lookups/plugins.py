"""The block `plugins:` → which look-ups there are to be, under which names. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TFSTATE = "tfstate"
KNOWN = (TFSTATE, "ssm", "secretsmanager", "cloudformation")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One look-up: its kind, what its functions' names begin with, and for a tfstate where it lies."""

    kind: str
    prefix: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class WrongPlugin:
    """What is wrong with entry `index`."""

    index: int
    what: str
    todo: str


def read_plugins(entries: Sequence[Mapping[str, Any]]) -> tuple[list[Plugin], list[WrongPlugin]]:
    """The look-ups that `entries` ask for, and those of all configs: AWS's without a prefix need no entry."""
    plugins: list[Plugin] = []
    wrong: list[WrongPlugin] = []
    for index, entry in enumerate(entries):
        name, prefix = str(entry.get("name") or ""), str(entry.get("func_prefix") or entry.get("funcPrefix") or "")
        config = entry.get("config")
        location = _location(config) if isinstance(config, dict) else ""
        if name not in KNOWN:
            wrong.append(WrongPlugin(index, *_unknown(name)))
        elif prefix and not f"{prefix}x".isidentifier():
            what = f"the prefix `{prefix}` can't begin a function's name"
            wrong.append(WrongPlugin(index, what, "use letters, digits and `_`"))
        elif name == TFSTATE and not location:
            todo = "write `config: {path: terraform.tfstate}` or `config: {url: s3://bucket/key}`"
            wrong.append(WrongPlugin(index, "the plugin `tfstate` has neither `path` nor `url`", todo))
        elif any((plugin.kind, plugin.prefix) == (name, prefix) for plugin in plugins):
            what = f"two plugins `{name}` have the same names"
            wrong.append(WrongPlugin(index, what, "give one of them a `func_prefix`"))
        else:
            plugins.append(Plugin(name, prefix, location))
    named = {(plugin.kind, plugin.prefix) for plugin in plugins}
    plugins += [Plugin(kind) for kind in KNOWN if kind != TFSTATE and (kind, "") not in named]
    return plugins, wrong


def _location(config: Mapping[str, Any]) -> str:
    return str(config.get("url") or config.get("path") or "")


def _unknown(name: str) -> tuple[str, str]:
    if name == "external":
        return (
            "the plugin `external` would run a command of the checkout, which isn't done",
            "use a step before this one",
        )
    near = difflib.get_close_matches(name, KNOWN, n=1)
    return f"`{name}` is no plugin", f"did you mean `{near[0]}`?" if near else f"known are {', '.join(KNOWN)}"
