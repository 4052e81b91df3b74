"""A service's plan in the form that every report reads, so that services stand beside rules."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from esprestack.config.kind import Kind
from esprestack.plan.model import Action, Change, Plan
from esprestack.rule import Scope
from esprestack.services.model import Comparison, Definition, ImageChange, RiskKind, ServicePlan
from esprestack.services.risks import obstacles

_OF_TASK = frozenset(
    {"image-missing", "image-moved", "log-changed", "mutable-tag", "role-changed", "secret-changed", "smaller"}
)
"""Risks that the task definition brings; all others are the service's, if it changes too."""
_SHORT = 12
"""Digits of a digest that are shown."""


def as_plan(plan: ServicePlan, allow: Collection[str] = ()) -> Plan:
    """The plan of one config: its task definition, then its service. Risks whose code is in `allow` stop nothing."""
    scope, family = plan.scope, str(plan.config.task_definition.document.get("family", ""))
    task, service = _task_action(plan), _service_action(plan)
    of_task, of_service = list(_task_notes(plan, allow)), list(_risk_notes(plan, allow, of_task=False))
    of_plan: list[str] = []
    if task is Action.UNCHANGED:  # who reads only what changes has to see them all the same
        of_service = [*of_task, *of_service]
    if service is Action.UNCHANGED:
        told = of_plan if task is Action.UNCHANGED else of_task
        told += of_service
    changes = [_change(f"task definition {family}", task, plan.config.task_definition, plan.task_definition, of_task)]
    if plan.service and plan.config.service_definition:
        name, definition = f"service {scope.service}", plan.config.service_definition
        comparison = _named(plan.service, scope.service)
        changes.append(_change(name, service, definition, comparison, of_service, _why(plan, service)))
    return Plan(
        config=plan.config.path,
        scope=Scope(scope.partition, scope.region, scope.account, scope.cluster, ""),
        changes=tuple(changes),
        refusals=tuple(obstacles(plan, allow)),
        notes=(*plan.notes, *of_plan),
        kind=Kind.SERVICE,
    )


def _task_action(plan: ServicePlan) -> Action:
    if plan.task_definition.before is None:
        return Action.CREATE
    return Action.UPDATE if plan.task_definition.fields or plan.register is not None else Action.UNCHANGED


def _service_action(plan: ServicePlan) -> Action:
    if plan.service is None:
        return Action.UNCHANGED
    if plan.create is not None:
        return Action.CREATE
    if any(problem.code == "for-good" for problem in plan.refusals):
        return Action.CONFLICT
    return Action.UPDATE if plan.service.fields else Action.UNCHANGED


def _why(plan: ServicePlan, action: Action) -> str:
    """Why the service may not be touched."""
    if action is not Action.CONFLICT:
        return ""
    return "; ".join(problem.what for problem in plan.refusals if problem.code == "for-good")


def _named(comparison: Comparison, service: str) -> Comparison:
    """Both documents with the service's name before all else."""
    before, after = (
        None if document is None else {"serviceName": service, **document}
        for document in (comparison.before, comparison.after)
    )
    return replace(comparison, before=before, after=after)


def _change(
    name: str, action: Action, definition: Definition, comparison: Comparison, notes: list[str], reason: str = ""
) -> Change:
    if action is Action.UNCHANGED:
        return Change(name, action)
    return Change(
        name=name,
        action=action,
        where=definition.tree.where(()),
        reason=reason,
        before=dict(comparison.before) if comparison.before is not None else None,
        after=dict(comparison.after) if comparison.after is not None else None,
        fields=comparison.fields,
        marks=comparison.marks,
        notes=tuple(notes),
    )


def _task_notes(plan: ServicePlan, allow: Collection[str]) -> Iterator[str]:
    if plan.reuse and plan.task_definition.fields:
        yield f"{plan.reuse.name} is what the file says: it is deployed, and nothing is registered"
    yield from map(_image_note, plan.images)
    yield from _risk_notes(plan, allow, of_task=True)


def _risk_notes(plan: ServicePlan, allow: Collection[str], *, of_task: bool) -> Iterator[str]:
    """Risks that don't stop the deploy; those that do are among the refusals."""
    for risk in plan.risks:
        if (risk.code in _OF_TASK) is not of_task:
            continue
        todo = f" ({risk.todo})" if risk.todo else ""
        if risk.kind is RiskKind.MIND:
            yield f"{risk.what}{todo}"
        elif risk.code in allow:
            yield f"{risk.what} (allowed: {risk.code})"


def _image_note(image: ImageChange) -> str:
    after = f"`{image.after}`{_digest(image.digest_after)}"
    if not image.before:
        return f"`{image.container}` gets the image {after}"
    if image.before == image.after:
        before, now = _digest(image.digest_before), _digest(image.digest_after)
        return f"`{image.container}`: `{image.after}` was{before}, and is{now}"
    return f"`{image.container}`: `{image.before}`{_digest(image.digest_before)} → {after}"


def _digest(digest: str) -> str:
    kind, _, number = digest.partition(":")
    return f" ({kind}:{number[:_SHORT]})" if digest else ""
