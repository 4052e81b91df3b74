"""The comparison of two rules: which fields differ, and both as documents that may be shown.

Secrets never leave here: documents and field changes hold `(secret)` where a value is sealed, is a known secret, or
stands under a name that looks like a secret's.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from esprestack.config.words import Words, to_words
from esprestack.rule import LiveRule, Rule
from esprestack.secrets import SECRET, Vault

SECRET_CHANGED = "(secret, changed)"  # noqa: S105 - the words that stand for one

SECRET_NAMES = (
    "*PASSWORD*", "*PASSWD*", "*PASSPHRASE*", "*SECRET*", "*TOKEN*", "*_KEY", "*APIKEY*", "*API_KEY*",
    "*PRIVATE_KEY*", "*ACCESS_KEY*", "*CREDENTIAL*", "*_DSN", "*WEBHOOK*", "*_PAT",
)  # fmt: skip
"""A value is hidden where its name looks like one of these, whatever the case and with `-` as `_`."""

Leaves: TypeAlias = dict[str, Any]
"""A document flattened: `containerOverrides[app].environment.TZ` → its value."""

_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)([^@\s/]+)(@)")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; None is "not there". Values are as they may be shown."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` and `after` as documents that may be shown, `fields` in the order of the document."""

    before: Words | None
    after: Words | None
    fields: tuple[FieldChange, ...]
    marks: tuple[tuple[str, str, str], ...]
    """(path, before, after) of each of `fields` with secrets by name: what the plan hash is made of."""


class Veil:
    """What may be shown of a value: decided by the vault, and by the names of `patterns`."""

    def __init__(self, vault: Vault, patterns: Sequence[str] = SECRET_NAMES) -> None:
        self.vault = vault
        self._patterns = [pattern.upper().replace("-", "_") for pattern in patterns]

    def shown(self, path: str, value: Any) -> Any:
        """`value`, found at `path`, as a report may print it."""
        return self._veiled(path, value, self.vault.show)

    def labelled(self, path: str, value: Any) -> Any:
        """The same with each secret by its name: equal from run to run, without saying anything of its value."""
        return self._veiled(path, value, self.vault.label)

    def _veiled(self, path: str, value: Any, show: Callable[[str], str]) -> Any:
        if isinstance(value, list):
            return list(self._arguments(path, value, show))
        if not isinstance(value, str):
            return value
        if self.hides_by_name(path):
            return SECRET
        return _URL_PASSWORD.sub(rf"\g<1>{SECRET}\3", show(self.vault.seal_text(value)))

    def _arguments(self, path: str, values: list[Any], show: Callable[[str], str]) -> Iterator[Any]:
        """A command: `--token VALUE` and `PASSWORD=VALUE` hide their values too."""
        hide_next = False
        for value in values:
            text = str(value)
            name, equals, _ = text.partition("=")
            looks_secret = self.is_secret_name(name.lstrip("-"))
            if hide_next and not text.startswith("-"):
                yield SECRET
            elif equals and looks_secret:
                yield f"{name}={SECRET}"
            else:
                yield self._veiled(path, value, show) if not isinstance(value, dict) else value
            hide_next = text.startswith("-") and not equals and looks_secret

    def hides_by_name(self, path: str) -> bool:
        """Whether the value at `path` stands under a name that users chose and that looks like a secret's."""
        return _is_free_text(path) and self.is_secret_name(path.rpartition(".")[2])

    def is_secret_name(self, name: str) -> bool:
        upper = name.upper().replace("-", "_")
        return any(fnmatch.fnmatchcase(upper, pattern) for pattern in self._patterns)


def _is_free_text(path: str) -> bool:
    """Only names that users choose can be a secret's: an environment's and tags', not AWS's own fields."""
    return ".environment." in path or path.startswith(("tags.", "ruleTags."))


def compare(live: LiveRule | None, desired: Rule | None, veil: Veil) -> Comparison:
    """What turning `live` into `desired` changes. Either may be None: a creation, a deletion."""
    before_rule = live.rule if live else None
    if before_rule and desired and desired.rule_tags is None:
        before_rule = replace(before_rule, rule_tags=None)  # not ours to say: left alone, so no difference
    if before_rule == desired:
        return Comparison(None, None, (), ())  # canonical forms: equal is equal, and most rules are
    before = to_words(before_rule) if before_rule else {}
    after = to_words(desired) if desired else {}
    old, new = dict(leaves(before)), dict(leaves(after))
    opened = {path: _opened(value, veil.vault) for path, value in new.items()}
    changed = [path for path in {**new, **old} if old.get(path) != opened.get(path)]
    shown_after = {path: _shown_after(path, value, path in changed, old, veil) for path, value in new.items()}
    shown_before = {path: veil.shown(path, value) for path, value in old.items()}
    return Comparison(
        before=rebuilt(before, shown_before) if before else None,
        after=rebuilt(after, shown_after) if after else None,
        fields=tuple(FieldChange(path, shown_before.get(path), shown_after.get(path)) for path in changed),
        marks=tuple(
            (path, repr(veil.labelled(path, old.get(path))), repr(veil.labelled(path, new.get(path))))
            for path in changed
        ),
    )


def _opened(value: Any, vault: Vault) -> Any:
    if isinstance(value, list):
        return [_opened(item, vault) for item in value]
    return vault.open(value) if isinstance(value, str) else value


def _shown_after(path: str, value: Any, changed: bool, old: Leaves, veil: Veil) -> Any:
    """The new value; a secret one that takes another's place says so."""
    shown = veil.shown(path, value)
    if not changed or path not in old or shown != veil.shown(path, old[path]):
        return shown
    if isinstance(shown, list):
        return [str(item).replace(SECRET, SECRET_CHANGED) if SECRET in str(item) else item for item in shown]
    return str(shown).replace(SECRET, SECRET_CHANGED)


def leaves(words: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a document. Entries of a list are told apart by their name; lists of texts are one leaf."""
    if isinstance(words, dict):
        for key, value in words.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(words, list) and words and all(isinstance(item, dict) for item in words):
        for index, item in enumerate(words):
            yield from leaves(item, f"{path}[{item.get('name') or item.get('capacityProvider') or index}]")
    else:
        yield path, words


def rebuilt(words: Any, values: Leaves, path: str = "") -> Any:
    """The document of `words` with its leaves taken from `values`."""
    if isinstance(words, dict):
        return {key: rebuilt(value, values, f"{path}.{key}" if path else key) for key, value in words.items()}
    if isinstance(words, list) and words and all(isinstance(item, dict) for item in words):
        return [
            rebuilt(item, values, f"{path}[{item.get('name') or item.get('capacityProvider') or index}]")
            for index, item in enumerate(words)
        ]
    return values[path]
