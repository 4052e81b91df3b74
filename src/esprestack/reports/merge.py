"""`dump --merge FILE`: live rules written into the config that is there; what is equal stays byte for byte.

In: the file's text, the same file prepared and as desired rules, and the live rules; out: the new text, and notes on
what was changed and what couldn't be. A value that comes from elsewhere (an alias, `<<`, `defaults:`, another file)
and differs is set on the rule itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from esprestack.config.desired import Desired
from esprestack.config.lines import Lines
from esprestack.config.load import Prepared
from esprestack.config.source import read_tree
from esprestack.config.spans import masked
from esprestack.config.tree import Data
from esprestack.config.words import Words, to_words
from esprestack.errors import ConfigError, Problem, Where
from esprestack.plan.compare import Veil, compare, leaves
from esprestack.plan.lookups import SecretLookups
from esprestack.reports.merge_edits import Addition, Editor
from esprestack.reports.merge_nodes import Node, Pair, read_nodes
from esprestack.reports.merge_rule import RuleMerge
from esprestack.rule import DEFAULT_ROLE, Home, LiveRule, Scope

_Mapping: TypeAlias = dict[str, Data]
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Merged:
    """The new text of the file, and what its reader has to know."""

    text: str
    notes: tuple[str, ...]


def merge(
    text: str,
    prepared: Prepared,
    desired: Sequence[Desired],
    live: Mapping[str, LiveRule],
    scope: Scope,
    veil: Veil,
    *,
    remove_missing: bool = False,
) -> Merged:
    """`text`, as it stands in the file that `prepared` and `desired` were made from, with the rules of `live`.

    Rules that `live` doesn't have stay, unless `remove_missing`. Raises ConfigError for a text whose template makes
    something of it that doesn't stand there, such as a loop.
    """
    return _Merge(text, prepared, scope, veil).merged(desired, live, remove_missing)


_PASSES = 5
"""A change in an anchor's rule can change others that use the anchor, which the next pass puts right."""

ReadAgain: TypeAlias = Callable[[str], "tuple[Prepared, Sequence[Desired]] | None"]
"""From a new text to the config and the rules that it is of; None where that can't be told, and nobody goes on."""


def merge_whole(
    text: str,
    prepared: Prepared,
    desired: Sequence[Desired],
    live: Mapping[str, LiveRule],
    scope: Scope,
    veil: Veil,
    read_again: ReadAgain,
    *,
    remove_missing: bool = False,
) -> Merged:
    """`merge`, again and again until nothing changes any more."""
    notes: dict[str, None] = {}
    for _ in range(_PASSES):
        merged = merge(text, prepared, desired, live, scope, veil, remove_missing=remove_missing)
        notes |= dict.fromkeys(merged.notes)
        if merged.text == text or (read := read_again(merged.text)) is None:
            return Merged(merged.text, tuple(notes))
        text, (prepared, desired) = merged.text, read
    return Merged(text, tuple(notes))


class _Merge:
    def __init__(self, text: str, prepared: Prepared, scope: Scope, veil: Veil) -> None:
        path = prepared.source.path
        if not path.endswith((".yaml", ".yml", ".json")):
            what = f"`.{path.rpartition('.')[2]}` can't be merged: it is a program, not the rules themselves"
            raise ConfigError(Problem(what, Where(path), "dump to a file of its own and compare"))
        self._bom = _BOM if text.startswith(_BOM) else ""
        self._text = text.removeprefix(_BOM)
        self._prepared = prepared
        self._scope = scope
        self._veil = veil
        self._notes: list[str] = []
        self._masked = masked(self._text, path)
        self._nodes = read_nodes(self._masked, path)
        self._own = _mapping(read_tree(prepared.text, prepared.source, lambda *at: Where(path, *at)).data)
        self._pair = self._rules_pair()
        self._editor = Editor(
            self._text, self._masked, is_json=path.endswith(".json"), root=self._nodes.root, rules=self._rules
        )

    def merged(self, desired: Sequence[Desired], live: Mapping[str, LiveRule], remove_missing: bool) -> Merged:
        wanted = {self._veil.vault.open(item.rule.name): item for item in desired}
        entries = self._entries()
        role = self._default_role()
        lookups = SecretLookups(self._veil)
        mergeable = {name: rule for name, rule in sorted(live.items()) if rule.rule.target and not rule.would_lose}
        home = Home.SCHEDULER if self._prepared.top("backend") == Home.SCHEDULER else Home.RULES
        written = {name: lookups.written(to_words(rule.rule, role, home)) for name, rule in mergeable.items()}
        missing: list[int] = []
        for name, index in entries.items():
            if name in mergeable and name in wanted:
                self._merge_rule(index, mergeable[name], wanted[name], written[name])
            elif name in live:
                lost = ", ".join(live[name].would_lose) or "a rule without target"
                self._notes.append(f"`{name}` is left as it is: a config can't say {lost}")
            else:
                lends = self._rules is not None and self._nodes.lends(self._rules.items[index])
                doomed = remove_missing and not lends
                missing += [index] if doomed else []
                why = " because other rules use its anchor" if remove_missing and lends else ""
                self._notes.append(f"`{name}` isn't in AWS: {'removed' if doomed else f'kept{why}'}")
        self._note_rules_of_other_files(entries, wanted, mergeable)
        added = [name for name in mergeable if name not in wanted]
        self._notes += [f"`{name}` is new" for name in added]
        self._change_rules(missing, [written[name] for name in added])
        text = self._editor.result()
        return Merged(self._bom + text, tuple(self._notes))

    # -- what stands in the file -------------------------------------------------------------------------------

    @property
    def _rules(self) -> Node | None:
        return self._pair.value if self._pair and self._pair.value.kind == "list" else None

    def _rules_pair(self) -> Pair | None:
        """The pair of the key `rules`, each of whose entries stands in the file as it is rendered."""
        if self._nodes.root.kind != "mapping":
            raise self._unlike(self._nodes.root)
        pair = next((pair for pair in self._nodes.root.pairs if pair.key.value == "rules"), None)
        rules = self._own.get("rules")
        if rules is None or pair is None:
            if rules is not None or (pair and pair.value.start < pair.value.end and pair.value.value != "null"):
                raise self._unlike(pair.value if pair else self._nodes.root)
            return pair
        if pair.value.kind != "list" or not isinstance(rules, list) or len(rules) != len(pair.value.items):
            raise self._unlike(pair.value)
        return pair

    def _unlike(self, node: Node) -> ConfigError:
        what = "can't be merged: what stands here isn't what comes out of it"
        place = Where(self._prepared.source.path, *Lines(self._text).place(node.start))
        return ConfigError(Problem(what, place, "write the rules out, or dump to another file and compare"))

    def _entries(self) -> dict[str, int]:
        """The rules that this file names, each with its index in it."""
        rules = self._own.get("rules")
        found: dict[str, int] = {}
        for index, entry in enumerate(rules if isinstance(rules, list) else []):
            name = _mapping(entry).get("name")
            if isinstance(name, str):
                found.setdefault(self._veil.vault.open(name), index)
        return found

    def _default_role(self) -> str | None:
        """The role of a rule that says none; None where `defaults:` may say one."""
        if any("role" in layer for layer in self._defaults()):
            return None
        role = self._veil.vault.open(self._prepared.top("role")) or DEFAULT_ROLE
        return self._scope.shorten(role, "iam", "role/")

    def _defaults(self) -> Iterator[_Mapping]:
        yield _mapping(self._own.get("defaults"))
        for prepared in self._prepared.below:
            yield _mapping(_mapping(prepared.tree.data).get("defaults"))

    def _below(self, name: str) -> list[_Mapping]:
        """What the rule `name` has from `defaults:` and from the files that this one extends."""
        found = list(self._defaults())
        for prepared in self._prepared.below:
            rules = _mapping(prepared.tree.data).get("rules")
            entries = [_mapping(entry) for entry in rules] if isinstance(rules, list) else []
            found += [entry for entry in entries if entry.get("name") == name]
        return [layer for layer in found if layer]

    # -- what changes ------------------------------------------------------------------------------------------

    def _merge_rule(self, index: int, live: LiveRule, wanted: Desired, written: Words) -> None:
        fields = compare(live, wanted.rule, self._scope, self._veil).fields
        if not fields or self._rules is None:
            return
        if wanted.rule.rule_tags is None:
            written = {key: value for key, value in written.items() if key != "ruleTags"}
        rules = self._own["rules"]
        node = self._rules.items[index]
        if node.kind == "alias" or not isinstance(rules, list) or not isinstance(entry := rules[index], dict):
            raise self._unlike(node)
        changed = {field.path for field in fields}
        leaves_in_aws = dict(leaves(to_words(live.rule)))
        merge = RuleMerge(
            live.name, changed, leaves_in_aws, self._veil.vault.open, self._editor, self._nodes, self._unlike
        )
        merge.merge(node, entry, to_words(wanted.rule), written, self._below(live.name))
        self._notes += merge.notes

    def _note_rules_of_other_files(
        self, entries: Mapping[str, int], wanted: Mapping[str, Desired], live: Mapping[str, LiveRule]
    ) -> None:
        for name, item in wanted.items():
            if name not in entries and name in live and compare(live[name], item.rule, self._scope, self._veil).fields:
                file = item.place().file
                self._notes.append(f"`{name}` differs, but doesn't stand in this file: merge {file}")

    def _change_rules(self, removed: Sequence[int], added: Sequence[Words]) -> None:
        if not removed and not added:
            return
        rules = self._rules
        if rules and len(removed) < len(rules.items):
            last = len(rules.items) - 1
            self._editor.change(rules, removed, [Addition(last, words) for words in added])
        elif self._pair:
            self._editor.replace_value(self._nodes.root, self._pair, list(added))
        else:
            last = len(self._nodes.root.pairs) - 1
            self._editor.change(self._nodes.root, (), [Addition(last, list(added), "rules")])


def _mapping(data: Data) -> _Mapping:
    return data if isinstance(data, dict) else {}
