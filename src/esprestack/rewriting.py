"""The config of rules that were moved, brought up to date: where they live, from when they count; comments stay.

In: a config's text and the rules as they live now; out: the new text, or what its owner has to change by hand. A text
is given only if, read again, it says of moved rules where they live, and of all else what it said before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from esprestack.config.words import to_words
from esprestack.errors import ConfigError
from esprestack.migration.model import Moved, Result
from esprestack.migration.pairs import Stage
from esprestack.plan.compare import compare, leaves
from esprestack.plan.make import as_it_starts
from esprestack.rule import DEFAULT_ROLE, Home, LiveRule, Rule, Scope, Timing, with_texts
from esprestack.run import Run

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.load import Prepared


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The config's new text, equal to the old one where nothing is to change; `by_hand`, where it can't be given."""

    text: str
    notes: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


def rewritten(run: Run, at: int, scope: Scope, text: str, moved: Sequence[Moved], to: Home) -> Rewritten:
    """The text of the run's config of that number, which is `text`, now that what was moved lives in `to`."""
    return _Rewriting(run, at, scope, to).rewritten(text, moved)


class _Rewriting:
    def __init__(self, run: Run, at: int, scope: Scope, to: Home) -> None:
        self._run = run
        self._at = at
        self._scope = scope
        self._to = to

    def rewritten(self, text: str, moved: Sequence[Moved]) -> Rewritten:
        from esprestack.reports.merge_top import with_top

        prepared, desired = self._read(text)
        results = {one.move.name: one for one in moved}
        wanted = {item.rule.name: _as_it_lives(item.rule, results.get(item.rule.name), self._to) for item in desired}
        if not self._differing(desired, wanted):
            return Rewritten(text)
        instructions = tuple(self._instructions(desired, wanted))
        try:
            new, removed = self._merged(text, {item.rule.name: _with_id_of(item.rule, wanted) for item in desired})
            if all(rule.home is self._to for rule in wanted.values()):
                new = with_top(new, prepared.source.path, self._top(desired, wanted))
            new, notes = self._merged(new, wanted)
            _, said = self._read(new)
        except ConfigError as error:
            return Rewritten(text, by_hand=(error.problems[0].what, *instructions))
        if self._differing(said, wanted) or len(said) != len(desired):
            return Rewritten(text, by_hand=instructions)
        return Rewritten(new, (*removed, *notes))

    def _read(self, text: str) -> "tuple[Prepared, tuple[Desired, ...]]":
        return self._run.read_again(self._at, self._scope, text)

    def _top(self, desired: "Sequence[Desired]", wanted: Mapping[str, Rule]) -> dict[str, str | None]:
        """The keys at the top of a file all of whose rules live in the same home now."""
        values: dict[str, str | None] = {"backend": str(self._to) if self._to is Home.SCHEDULER else None}
        before, now = ({rule.target.role for rule in rules if rule.target} for rules in (
            [item.rule for item in desired], wanted.values()
        ))  # fmt: skip
        if len(before) == len(now) == 1 and before != now:
            (role,) = now
            values["role"] = None if role == DEFAULT_ROLE else role
        return values

    def _merged(self, text: str, wanted: Mapping[str, Rule]) -> tuple[str, tuple[str, ...]]:
        from esprestack.reports.merge import merge_whole

        live = {name: self._live(rule) for name, rule in wanted.items()}
        merged = merge_whole(text, *self._read(text), live, self._scope, self._run.veil, self._read)
        return merged.text, merged.notes

    def _live(self, rule: Rule) -> LiveRule:
        opened = with_texts(replace(rule, rule_tags=rule.rule_tags or ()), self._run.vault.open)
        return LiveRule(opened, self._scope.tracking_id)

    def _differing(self, desired: "Sequence[Desired]", wanted: Mapping[str, Rule]) -> bool:
        return any(self._fields(item, wanted[item.rule.name]) for item in desired)

    def _fields(self, item: "Desired", wanted: Rule) -> list[str]:
        """In what the config doesn't say what is wanted of one rule."""
        live = self._live(wanted)
        said = as_it_starts(item.rule, live, self._run.settings.clock())
        return [field.path for field in compare(live, said, self._scope, self._run.veil).fields]

    def _instructions(self, desired: "Sequence[Desired]", wanted: Mapping[str, Rule]) -> Iterator[str]:
        """What to change by hand, a line for each rule."""
        for item in desired:
            rule = wanted[item.rule.name]
            keys = dict.fromkeys(field.partition(".")[0] for field in self._fields(item, rule))
            values = dict(leaves(to_words(rule)))
            said = [f"set `{key}: {values[key]}`" if key in values else f"remove `{key}`" for key in keys]
            if said:
                yield f"{item.place()}: `{item.rule.name}`: {', '.join(said)}"


def _with_id_of(said: Rule, wanted: Mapping[str, Rule]) -> Rule:
    """The rule as the config says it, but for its target's id: nobody sees that once the file says `scheduler`."""
    target = wanted[said.name].target
    return replace(said, target=replace(said.target, id=target.id)) if said.target and target else said


def _as_it_lives(said: Rule, moved: Moved | None, to: Home) -> Rule:
    """The rule as the config says it, but for where it lives and from when it counts, which it has from the move."""
    rule = moved.rule if moved and moved.result is Result.MOVED else None
    if moved is None or rule is None or said.target is None or rule.target is None:
        return said
    was_there = moved.move.stage is Stage.MOVED and said.home is to
    role = said.target.role if was_there else rule.target.role
    if to is Home.RULES:
        target = replace(said.target, id=rule.target.id, role=role)
        return said if was_there else replace(said, home=to, timing=Timing(), target=target, rule_role=rule.rule_role)
    timing = said.timing
    if said.schedule_expression.startswith("rate(") and (not was_there or timing.start is None):
        timing = replace(timing, start=rule.timing.start)
    return replace(
        said,
        home=to,
        timing=timing,
        target=replace(said.target, id=said.name, role=role),
        rule_role="",
        rule_tags=() if said.rule_tags else said.rule_tags,
    )
