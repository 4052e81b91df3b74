"""What the reader of a plan should know beside its changes: exchanges, rules that stay as they are, or run nowhere."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from esprestack.backends.base import Live
from esprestack.plan.model import Action, Change
from esprestack.rule import LiveRule
from esprestack.schedule.quiet import is_never_quiet

if TYPE_CHECKING:
    from esprestack.config.desired import Desired


def nowhere(desired: "Sequence[Desired]", live: Live, twins: Mapping[str, LiveRule]) -> list[str]:
    """Rules that were left between their homes: a move was killed, and nothing starts them."""
    return [
        f"`{name}` RUNS NOWHERE NOW: its rule and its schedule are both disabled. Finish its move: "
        f"esprestack migrate --rule {name}"
        for item in desired
        if item.rule.enabled and (other := twins.get(name := item.rule.name)) and not other.rule.enabled
        if other.tracking_id == live.scope.tracking_id and (found := live.rules.get(name)) and not found.rule.enabled
    ]


def notes_of(desired: "Sequence[Desired]", live: Live, names: Collection[str], changes: Sequence[Change]) -> list[str]:
    """What the reader should know of targets that are exchanged, and of rules that stay as they are."""
    touched = {change.name: change.action for change in changes}
    found = [
        *live.notes,
        *(
            f"`{item.rule.name}` has run for the last time, and isn't created again"
            for item in desired
            if item.rule.name not in live.rules and touched.get(item.rule.name) is Action.UNCHANGED
        ),
    ]
    found += [
        f"`{change.name}` gets another target between two calls: no moment without a run is known, one that is due "
        "just then is missed"
        for change in changes
        if change.changes and change.write and is_never_quiet(change.write.running_meanwhile)
    ]
    for name in sorted(live.rules):
        rule = live.rules[name]
        if touched.get(name) is Action.UNCHANGED and rule.would_lose:
            found.append(f"`{name}` has what a config can't say and is left as it is: {', '.join(rule.would_lose)}")
        if name in touched and rule.foreign:
            found.append(f"`{name}` has more targets, which are left as they are: {', '.join(rule.foreign)}")
        elif name not in touched and name not in names:
            owner = f"tracked by `{rule.tracking_id}`" if rule.tracking_id else "tracked by nobody"
            found.append(f"`{name}` starts tasks on this cluster and is in no config ({owner})")
    return found
