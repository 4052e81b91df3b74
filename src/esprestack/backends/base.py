"""The face of a backend: where rules live. Both mappings, rule → request and answer → rule, are its own affair."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from esprestack.rule import LiveRule, Rule, Scope


@dataclass(frozen=True, slots=True)
class Live:
    """What was read."""

    scope: Scope
    rules: Mapping[str, LiveRule]
    certain: frozenset[str] = frozenset()
    """Names whose tags come from the rule itself; the others' from an index that lags behind (see `confirm`)."""
    on_bus: frozenset[str] | None = None
    """The names of all rules there are, which count against a quota."""


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be done to one rule: `before` is what was read, `after` what is wanted; None means absent."""

    name: str
    before: LiveRule | None
    after: Rule | None

    @property
    def running_meanwhile(self) -> tuple[str, ...]:
        """The schedules, before and after, by which the rule runs while one target takes the place of another.

        Empty where the rule keeps its target or doesn't run. Meanwhile it has no target, so no run may be due.
        """
        if self.before is None or self.after is None or not (self.before.rule.enabled and self.after.enabled):
            return ()
        old, new = self.before.rule.target, self.after.target
        if old is None or new is None or old.id == new.id:
            return ()
        return self.before.rule.schedule_expression, self.after.schedule_expression


class Writer(Protocol):
    """What an apply needs of a backend. Its methods may raise AwsError."""

    def write(self, write: Write) -> None:
        """Does it, in an order in which a failure in the middle never leaves a wrong target running."""

    def stop(self) -> None:
        """Ends what is under way: waits end at once, and no further call is made."""


class Backend(Writer, Protocol):
    """EventBridge rules, or EventBridge Scheduler. Every method may raise AwsError."""

    def prepare(self) -> None:
        """Gets ready for calls without making one."""

    def scope(self) -> Scope:
        """Account, region and cluster, learned with as few calls as possible."""

    def read(self, wanted: Mapping[str, str], *, owned: bool = False, cluster: bool = False) -> Live:
        """The rules of `wanted` (name → target id) that exist, those with our tracking id, those on our cluster."""

    def confirm(self, live: Live, names: Collection[str]) -> Live:
        """`live` with the tags of `names` as they are now."""
