"""The face of a backend: where rules live. Both mappings, rule → request and answer → rule, are its own affair."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from esprestack.rule import Home, LiveRule, Rule, Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which live rule is meant by a name."""

    target_id: str = ""
    """Of several tasks of a rule this one; empty: the only one."""
    home: Home = Home.RULES
    group: str = ""
    """The schedule group; empty for the tracking id's own."""


@dataclass(frozen=True, slots=True)
class Live:
    """What was read. Rules are named by their names; one that lives in both homes, by `twin` in the unwanted one."""

    scope: Scope
    rules: Mapping[str, LiveRule]
    certain: frozenset[str] = frozenset()
    """Names whose tags come from the rule itself; the others' from an index that lags behind (see `confirm`)."""
    on_bus: frozenset[str] | None = None
    """The names of all rules there are, which count against a quota."""
    groups: Mapping[str, str | None] = field(default_factory=dict)
    """The schedule groups that were found, each with the tracking id that it is tagged with."""
    notes: tuple[str, ...] = ()
    """What couldn't be read."""


def twin(name: str, home: Home, group: str = "") -> str:
    """What a rule of `home` is called where another one of its name is meant by that name."""
    if home is Home.RULES:
        return f"{name} (rule)"
    return f"{name} (schedule in {group})" if group else f"{name} (schedule)"


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be done to one rule: `before` is what was read, `after` what is wanted; None means absent."""

    name: str
    before: LiveRule | None
    after: Rule | None

    @property
    def running_meanwhile(self) -> tuple[str, ...]:
        """The schedules, before and after, by which the rule runs while one target or group takes another's place.

        Empty where it keeps both or doesn't run. Meanwhile there is no target or no schedule, so no run may be due.
        """
        if self.before is None or self.after is None or not (self.before.rule.enabled and self.after.enabled):
            return ()
        before, after = self.before.rule, self.after
        if before.target is None or after.target is None:
            return ()
        if before.target.id == after.target.id and before.timing.group == after.timing.group:
            return ()
        return before.schedule_expression, after.schedule_expression


class Writer(Protocol):
    """What an apply needs of a backend. Its methods may raise AwsError."""

    def write(self, write: Write) -> None:
        """Does it, in an order in which a failure in the middle never leaves a wrong target running."""

    def stop(self) -> None:
        """Ends what is under way: waits end at once, and no further call is made."""


class Switch(Protocol):
    """Turns rules and schedules on and off; all else of them stays. Its methods may raise AwsError."""

    def enable(self, rule: Rule) -> None:
        """`rule` is all that the home has of it: a schedule is replaced as a whole."""

    def disable(self, rule: Rule) -> None: ...

    def is_enabled(self, rule: Rule) -> bool:
        """What AWS says of it at this moment; one that isn't there isn't enabled."""


class Backend(Writer, Switch, Protocol):
    """EventBridge rules, or EventBridge Scheduler. Every method may raise AwsError."""

    def prepare(self) -> None:
        """Gets ready for calls without making one."""

    def scope(self) -> Scope:
        """Account, region and cluster, learned with as few calls as possible."""

    def read(self, wanted: Mapping[str, Wanted], *, owned: bool = False, cluster: bool = False) -> Live:
        """The rules of `wanted` that exist, those with our tracking id, those on our cluster."""

    def confirm(self, live: Live, names: Collection[str]) -> Live:
        """`live` with the tags of `names` as they are now."""

    def beside(self, live: Live, names: Collection[str]) -> Live:
        """`live` with the schedules that have the names of these rules; a note where they may not be read."""

    def tidy(self) -> None:
        """Removes what of ours only held what is gone: schedule groups that are empty."""
