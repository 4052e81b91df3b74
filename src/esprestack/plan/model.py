"""The plan: what is to be done to each rule of one config, and why it may not be done."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from esprestack.backends.base import Write
from esprestack.config.kind import Kind
from esprestack.config.words import Words
from esprestack.errors import Problem, Where
from esprestack.plan.compare import FieldChange
from esprestack.rule import Scope


class Action(StrEnum):
    """What happens to one rule."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """The target's id changes: the old target is removed, the new one put."""
    ADOPT = "adopt"
    """It exists and nobody tracks it: it gets our tracking tag, and differences are changed too."""
    DELETE = "delete"
    CONFLICT = "conflict"
    """It may not be touched: another config tracks it, or a write would lose what a config can't say."""
    ORPHAN = "orphan"
    """Ours, but in no config any more; it stays until a run with prune."""
    UNCHANGED = "unchanged"


CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ADOPT, Action.DELETE})
"""The actions that change AWS."""


_NAMED = frozenset({Action.DELETE, Action.ADOPT, Action.REPLACE})
"""Actions that have to be in the reviewed plan themselves, whatever the fields."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule's part of the plan, or that of a service or its task definition.

    `before`, `after` and `standing` may be shown: they hold no secret.
    """

    name: str
    action: Action
    where: Where | None = None
    reason: str = ""
    before: Words | None = None
    after: Words | None = None
    standing: Words | None = None
    """Of an unchanged rule, which has no documents: when it runs."""
    fields: tuple[FieldChange, ...] = ()
    marks: tuple[str, ...] = ()
    """A digest for each of `fields`, secrets by name: equal where the same field changes in the same way."""
    write: Write | None = None
    notes: tuple[str, ...] = ()
    """What its reader should know: of a service, its images and what a deploy brings with it."""

    @property
    def changes(self) -> bool:
        return self.action in CHANGING

    @property
    def schedules(self) -> tuple[Words | None, Words | None]:
        """The words that say when it runs before an apply and after it; None where it doesn't exist."""
        if self.action is Action.UNCHANGED:
            standing = self.standing or self.after
            return standing, standing
        return self.before, self.after if self.changes else self.before

    @property
    def fingerprint(self) -> frozenset[str]:
        """The marks of all changed fields; of a deletion or a mere adoption, that it is one."""
        return frozenset((*self.marks, *([str(self.action)] if self.action in _NAMED else [])))


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one config, deletions last; `refusals` are the reasons why it may not be applied."""

    config: str
    scope: Scope
    changes: tuple[Change, ...]
    refusals: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())
    prune: bool = False
    kind: Kind = Kind.RULES

    def of(self, *actions: Action) -> list[Change]:
        return [change for change in self.changes if change.action in actions]

    @property
    def changing(self) -> list[Change]:
        return [change for change in self.changes if change.changes]

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """What two plans must share to be plans of the same thing: config, account, region, cluster, tracking id.

        A service has no tracking id.
        """
        scope = self.scope
        return self.config, scope.account, scope.region, scope.cluster, scope.tracking_id

    @property
    def hash(self) -> str:
        """Equal for plans that would do the same: over account, region, config and each change, never a secret."""
        return digest(
            *self.identity,
            *sorted(f"{change.name} {change.action} {sorted(change.fingerprint)}" for change in self.changing),
        )[:16]


def counts(plans: Iterable[Plan]) -> dict[Action, int]:
    """How many rules of each action, in the order of `Action`."""
    changes = [change for plan in plans for change in plan.changes]
    return {action: sum(change.action is action for change in changes) for action in Action}


def digest(*parts: str) -> str:
    """SHA-256 over a canonical JSON of `parts`, in hex."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode(errors="replace")).hexdigest()


def hash_of(plans: Iterable[Plan]) -> str:
    """One hash for all plans of a run; for a run with one config that config's own."""
    hashes = [plan.hash for plan in plans]
    return hashes[0] if len(hashes) == 1 else digest(*sorted(hashes))[:16]
