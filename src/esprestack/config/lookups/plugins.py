"""The block `plugins:` → which look-ups there are to be, under which names. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esprestack.secrets import SEALED

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
        plugin = _plugin(entry)
        if complaint := _complaint(_text(entry, "name"), plugin, plugins):
            wrong.append(WrongPlugin(index, *complaint))
        else:
            plugins.append(plugin)
    named = {(plugin.kind, plugin.prefix) for plugin in plugins}
    plugins += [Plugin(kind) for kind in KNOWN if kind != TFSTATE and (kind, "") not in named]
    return plugins, wrong


def _plugin(entry: Mapping[str, Any]) -> Plugin:
    """As in the peers a kind has no case, and a path goes before a URL."""
    config = entry.get("config")
    location = _text(config, "path", "url") if isinstance(config, dict) else ""
    return Plugin(_text(entry, "name").lower(), _text(entry, "func_prefix", "funcPrefix"), location)


def _text(mapping: Mapping[str, Any], *keys: str) -> str:
    """The first text that isn't empty."""
    return next((str(value) for key in keys if isinstance(value := mapping.get(key), str) and value), "")


def _complaint(name: str, plugin: Plugin, before: Sequence[Plugin]) -> tuple[str, str] | None:
    """What is wrong with `plugin`, which its entry calls `name`, and what to do about it."""
    if plugin.kind not in KNOWN:
        return _unknown(name)
    if plugin.prefix and not f"{plugin.prefix}x".isidentifier():
        return f"the prefix `{plugin.prefix}` can't begin a function's name", "use letters, digits and `_`"
    if plugin.kind == TFSTATE and not plugin.location:
        todo = "write `config: {path: terraform.tfstate}` or `config: {url: s3://bucket/key}`"
        return "the plugin `tfstate` has neither `path` nor `url`", todo
    if SEALED.search(plugin.location):  # opened it would be sent to whatever host the config names
        return "a secret may not be part of a state's place", "give a token as TF_TOKEN_…, a role for S3"
    if any((plugin.kind, plugin.prefix) == (other.kind, other.prefix) for other in before):
        return f"two plugins `{plugin.kind}` have the same names", "give one of them a `func_prefix`"
    return None


def _unknown(name: str) -> tuple[str, str]:
    known = f"known are {', '.join(KNOWN)}"
    if not name:
        return "the plugin has no `name`", known
    if name.lower() == "external":
        what = "the plugin `external` would run a command of the checkout, which isn't done"
        return what, "use a step before this one"
    near = difflib.get_close_matches(name.lower(), KNOWN, n=1)
    return f"`{name}` is no plugin", f"did you mean `{near[0]}`?" if near else known
