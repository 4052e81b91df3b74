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
from esprestack.rule import LiveRule, Rule, Scope
from esprestack.secrets import SECRET, Vault

SECRET_CHANGED = "(secret, changed)"  # noqa: S105 - the words that stand for one

SECRET_NAMES = (
    "*PASSWORD*", "*PASSWD*", "*PASSPHRASE*", "*SECRET*", "*TOKEN*", "*_KEY", "*APIKEY*", "*API_KEY*",
    "*PRIVATE_KEY*", "*ACCESS_KEY*", "*CREDENTIAL*", "*_DSN", "*WEBHOOK*", "*_PAT",
)  # fmt: skip
"""A value is hidden where its name looks like one of these, whatever the case and with `-` as `_`."""

SHORTEST_LEARNED = 8
"""A value that only its name made a secret is searched for in other text from this length on."""

Leaves: TypeAlias = dict[str, Any]
"""A document flattened: `containerOverrides[app].environment.TZ` → its value."""

_UNORDERED = frozenset({"subnets", "security_groups"})
_NAMES = {
    "taskDefinition": ("ecs", "task-definition/"),
    "role": ("iam", "role/"),
    "ruleRole": ("iam", "role/"),
    "taskRole": ("iam", "role/"),
    "executionRole": ("iam", "role/"),
    "sqs": ("sqs", ""),
}
"""Fields that hold a name or an ARN."""

Hide: TypeAlias = Callable[[str, str], str]
"""From a secret's name and value to what stands in its place."""

_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*:)([^@\s/]+)(?=@)")


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


@dataclass(frozen=True, slots=True)
class Difference:
    """Two flattened documents as they may be shown, and where they differ; `fields` and `marks` as in `Comparison`."""

    before: Leaves
    after: Leaves
    fields: tuple[FieldChange, ...]
    marks: tuple[tuple[str, str, str], ...]


class Veil:
    """What may be shown of a value: decided by the vault, and by the names of `patterns`."""

    def __init__(self, vault: Vault, patterns: Sequence[str] = SECRET_NAMES) -> None:
        self.vault = vault
        wanted = [fnmatch.translate(pattern.upper().replace("-", "_")) for pattern in patterns]
        self._secret_name = re.compile("|".join(wanted) if wanted else "(?!)")

    def shown(self, path: str, value: Any) -> Any:
        """`value`, found at `path`, as a report may print it."""
        return self.rewritten(path, value, self._hidden, lambda text: self.vault.show(self.vault.seal_text(text)))

    def _hidden(self, name: str, value: str) -> str:
        """What a name gave away is a secret from now on: AWS may quote it in an error."""
        if len(value) >= SHORTEST_LEARNED:
            self.vault.know(name, value)
        return SECRET

    def labelled(self, path: str, value: Any) -> Any:
        """The same with each secret by its name: equal from run to run, without saying anything of its value."""
        return self.rewritten(path, value, lambda *_: SECRET, lambda text: self.vault.label(self.vault.seal_text(text)))

    def rewritten(self, path: str, value: Any, hidden: Hide, plain: Callable[[str], str]) -> Any:
        """`value` with what its name gives away as a secret replaced by `hidden(name, secret)`, the rest by `plain`."""
        if isinstance(value, list):
            return list(self._arguments(path, value, hidden, plain))
        if not isinstance(value, str):
            return value
        name = path.rpartition(".")[2]
        if self.hides_by_name(path):
            return hidden(name, value)
        parts = _URL_PASSWORD.split(value)  # text, user, password, text, …
        return "".join(
            hidden(f"{name.upper()}_PASSWORD", part) if index % 3 == 2 else plain(part)
            for index, part in enumerate(parts)
        )

    def _arguments(self, path: str, values: list[Any], hidden: Hide, plain: Callable[[str], str]) -> Iterator[Any]:
        """A command: `--token VALUE` and `PASSWORD=VALUE` hide their values too."""
        expected = ""
        for value in values:
            text = str(value)
            option, equals, given = text.partition("=")
            name = option.lstrip("-").upper().replace("-", "_")
            looks_secret = self.is_secret_name(name)
            if expected and not text.startswith("-"):
                yield hidden(expected, text)
            elif equals and looks_secret:
                yield f"{option}={hidden(name, given)}"
            else:
                yield self.rewritten(path, value, hidden, plain)
            expected = name if text.startswith("-") and not equals and looks_secret else ""

    def hides_by_name(self, path: str) -> bool:
        """Whether the value at `path` stands under a name that users chose and that looks like a secret's."""
        return _is_free_text(path) and self.is_secret_name(path.rpartition(".")[2])

    def secrets_in(self, value: Any) -> frozenset[str]:
        """The known secrets in a text or a list of texts, each as its seal."""
        texts = value if isinstance(value, list) else [value]
        return frozenset(seal for text in texts for seal in self.vault.seals(str(text)))

    def is_secret_name(self, name: str) -> bool:
        return bool(self._secret_name.match(name.upper().replace("-", "_")))


_CHOSEN = re.compile(r"(?:^|\.)(?:environment|tags|ruletags|dockerlabels|labels|options|driveropts)\.", re.IGNORECASE)


def _is_free_text(path: str) -> bool:
    """Only names that users choose can be a secret's: an environment's, tags' and options', not AWS's own fields."""
    return _CHOSEN.search(path) is not None


def compare(live: LiveRule | None, desired: Rule | None, scope: Scope, veil: Veil) -> Comparison:
    """What turning `live` into `desired` changes. Either may be None: a creation, a deletion."""
    before_rule = live.rule if live else None
    if before_rule and desired and desired.rule_tags is None:
        before_rule = replace(before_rule, rule_tags=None)  # not ours to say: left alone, so no difference
    if before_rule and desired and desired.target and before_rule.target is None:
        of_target = before_rule.rule_role == desired.target.role  # it has lost the target, and not its role
        before_rule = replace(before_rule, rule_role="") if of_target else before_rule
    before = to_words(before_rule) if before_rule else {}
    after = to_words(desired) if desired else {}
    old, new = dict(leaves(before)), dict(leaves(after))
    opened = {path: _opened(path, value, scope, veil.vault) for path, value in new.items()}
    changed = [path for path in {**new, **old} if old.get(path) != opened.get(path)]
    found = difference(old, new, changed, veil)
    return Comparison(
        before=rebuilt(before, found.before) if before else None,
        after=rebuilt(after, found.after) if after else None,
        fields=found.fields,
        marks=found.marks,
    )


def difference(old: Leaves, new: Leaves, changed: Sequence[str], veil: Veil) -> Difference:
    """`old`, as AWS has it, beside `new`, as a config has it, secrets sealed; `changed` are the paths that differ."""
    moved = frozenset(changed)
    before = {path: _shown_before(path, value, new, veil) for path, value in old.items()}
    after = {path: _shown_after(path, value, path in moved, before, veil) for path, value in new.items()}
    return Difference(
        before,
        after,
        tuple(FieldChange(path, before.get(path), after.get(path)) for path in changed),
        tuple(
            (path, repr(_shown_before(path, old.get(path), new, veil)), repr(veil.labelled(path, new.get(path))))
            for path in changed
        ),
    )


def is_equal(live: Rule, desired: Rule) -> bool:
    """Whether nothing differs, without a secret to open: cheap, and true of most rules of most plans."""
    return (replace(live, rule_tags=None) if desired.rule_tags is None else live) == desired


def _shown_before(path: str, value: Any, new: Leaves, veil: Veil) -> Any:
    """The old value. Where a secret takes its place it was one too, which by now nobody knows any more."""
    shown = veil.shown(path, value)
    wanted = new.get(path)
    if wanted is None or veil.secrets_in(wanted) <= veil.secrets_in(value):
        return shown
    if isinstance(shown, list):
        return [item if item in wanted else SECRET for item in shown]
    return SECRET


def _opened(path: str, value: Any, scope: Scope, vault: Vault) -> Any:
    """The value as it will be in AWS, in canonical form: only now is it known whether a secret is an ARN."""
    key = path.rpartition(".")[2]
    if isinstance(value, list):
        opened = [_opened(path, item, scope, vault) for item in value]
        return sorted(opened) if key in _UNORDERED else opened
    if not isinstance(value, str):
        return value
    text = vault.open(value)
    return scope.shorten(text, *_NAMES[key]) if key in _NAMES and not _is_free_text(path) else text


def _shown_after(path: str, value: Any, changed: bool, shown_before: Leaves, veil: Veil) -> Any:
    """The new value; a secret one that takes another's place says so."""
    shown = veil.shown(path, value)
    before = shown_before.get(path)
    if not changed or before is None or SECRET not in str(before) or SECRET not in str(shown):
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
