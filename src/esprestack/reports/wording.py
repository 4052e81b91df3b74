"""The words that all reports share: what a plan or an outcome says in one line."""

from collections.abc import Sequence

from esprestack.plan.model import Action, Change, Plan, counts

SIGNS = {
    Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "±", Action.ADOPT: "»", Action.DELETE: "-",
    Action.CONFLICT: "!", Action.ORPHAN: "?", Action.UNCHANGED: "=",
}  # fmt: skip

_NOUNS = {
    Action.CREATE: "to create", Action.UPDATE: "to update", Action.REPLACE: "to replace", Action.ADOPT: "to adopt",
    Action.DELETE: "to delete", Action.CONFLICT: "in conflict", Action.ORPHAN: "orphaned",
    Action.UNCHANGED: "unchanged",
}  # fmt: skip


def summary(plans: Sequence[Plan]) -> str:
    """`1 to create, 2 to update, 7 unchanged`, or that there is nothing to do."""
    found = [f"{count} {_NOUNS[action]}" for action, count in counts(plans).items() if count]
    if not any(plan.changing or plan.of(Action.CONFLICT) for plan in plans):
        kept = f" ({', '.join(found)})" if found else ""
        return f"No changes: AWS is what the config says{kept}"
    return ", ".join(found)


def headline(change: Change) -> str:
    """One line for one rule: what happens, to which, why, and which fields."""
    reason = f" ({change.reason})" if change.reason else ""
    fields = ""
    if change.action in (Action.UPDATE, Action.ADOPT, Action.REPLACE, Action.CONFLICT) and change.fields:
        fields = ": " + ", ".join(field.path for field in change.fields)
    return f"{change.action} {change.name}{reason}{fields}"


def scope_line(plan: Plan) -> str:
    """Where it is a plan of; services have no tracking id."""
    scope = plan.scope
    owner = f", tracking id {scope.tracking_id}" if scope.tracking_id else ""
    return f"cluster {scope.cluster}, {scope.region}, account {scope.account}{owner}"
