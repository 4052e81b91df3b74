"""Plan and Outcome as JSON: the contract of docs/report.schema.json, for scripts and for `apply --plan`."""

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json as to_json_bytes

from esprestack import __version__
from esprestack.config.kind import Kind
from esprestack.errors import InputError, Problem, Severity
from esprestack.plan.binding import Reviewed
from esprestack.plan.model import CHANGING, Action, Change, Plan, counts, hash_of
from esprestack.plan.outcome import Outcome
from esprestack.reports.text import iso


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class FieldReport(_Part):
    """One field that changes, secrets as `(secret)`; null is "not there"."""

    path: str
    before: Any
    after: Any


class ProblemReport(_Part):
    what: str
    file: str | None
    line: int | None
    column: int | None
    todo: str
    code: str
    severity: Severity


class ChangeReport(_Part):
    """One rule, or a service or its task definition.

    `before` and `after` are entries as they would stand under `rules:`, or definitions in AWS's spelling.
    """

    rule: str = Field(description="Its name; of a service `service NAME` or `task definition FAMILY`")
    action: Action
    reason: str
    file: str | None
    line: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    fields: list[FieldReport]
    fingerprints: list[str] = Field(description="A digest of each changed field, secrets by name")
    result: str | None = Field(description="After an apply: done, failed, not tried, differs, not known")
    problem: str | None
    notes: list[str] = Field(default=[], description="Of a service: its images, and what a deploy brings with it")


class MomentReport(_Part):
    """A line of a deployment's time line."""

    at: str = Field(description="In UTC, ISO 8601")
    what: str


class PlanReport(_Part):
    """One config."""

    config: str
    kind: Kind = Field(default=Kind.RULES, description="What the config describes")
    account: str
    region: str
    cluster: str
    tracking_id: str = Field(description="Empty for a service")
    hash: str
    changes: list[ChangeReport]
    refusals: list[ProblemReport]
    notes: list[str]
    deployment: str = Field(default="", description="Of a service, after an apply: what `wait --deployment` takes")
    timeline: list[MomentReport] = Field(default=[], description="Of a service, after an apply: how it was deployed")
    stopped: list[str] = Field(default=[], description="Tasks that didn't stay, with the last lines of their logs")


class Report(_Part):
    """What esprestack found, or did."""

    version: Literal[1] = 1
    esprestack: str
    command: str
    changed: bool
    hash: str
    summary: dict[str, Annotated[int, Field(ge=0)]]
    plans: list[PlanReport]
    problems: list[ProblemReport]


def report(
    command: str, plans: Sequence[Plan], problems: Sequence[Problem] = (), outcomes: Sequence[Outcome] = ()
) -> Report:
    """The report of one run, of its plans and, after an apply, of what became of them."""
    steps = {(step.change.name, id(outcome.plan)): step for outcome in outcomes for step in outcome.steps}
    ended = {id(outcome.plan): outcome for outcome in outcomes}

    def change_report(plan: Plan, change: Change) -> ChangeReport:
        step = steps.get((change.name, id(plan)))
        return ChangeReport(
            rule=change.name,
            action=change.action,
            reason=change.reason,
            file=change.where.file if change.where else None,
            line=change.where.line if change.where else None,
            before=change.before,
            after=change.after,
            fields=[FieldReport(path=item.path, before=item.before, after=item.after) for item in change.fields],
            fingerprints=sorted(change.fingerprint),
            result=str(step.result) if step else None,
            problem=str(step.problem) if step and step.problem else None,
            notes=list(change.notes),
        )

    return Report(
        esprestack=__version__,
        command=command,
        changed=any(plan.changing for plan in plans),
        hash=hash_of(plans) if plans else "",
        summary={str(action): count for action, count in counts(plans).items()},
        plans=[
            PlanReport(
                config=plan.config,
                kind=plan.kind,
                account=plan.scope.account,
                region=plan.scope.region,
                cluster=plan.scope.cluster,
                tracking_id=plan.scope.tracking_id,
                hash=plan.hash,
                changes=[change_report(plan, change) for change in plan.changes],
                refusals=[_problem(problem) for problem in plan.refusals],
                notes=list(plan.notes),
                **_deployment(ended.get(id(plan))),
            )
            for plan in plans
        ],
        problems=[_problem(problem) for problem in problems],
    )


def _deployment(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {}
    moments = [MomentReport(at=iso(moment.at), what=moment.what) for moment in outcome.timeline]
    return {"deployment": outcome.deployment, "timeline": moments, "stopped": list(outcome.lines)}


_OURS = frozenset(
    {
        "version", "esprestack", "command", "kind", "hash", "summary", "action", "result", "fingerprints", "code",
        "severity",
    }
)  # fmt: skip
"""Members that hold words of ours: a secret that happens to be one of them stays a word there."""


def to_json(of: Report, mask: Callable[[str], str]) -> str:
    """`of` as text, each text in it masked on its own, so that no mask can break the JSON around it."""
    once = functools.cache(lambda text: _encodable(mask(text)))  # keys and many values stand there for each rule
    return to_json_bytes(_masked(of, once), indent=2).decode() + "\n"


def _encodable(text: str) -> str:
    """Halves of surrogate pairs, which no UTF-8 can hold, as question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, BaseModel):
        return {name: item if name in _OURS else _masked(item, mask) for name, item in value}
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(key): _masked(item, mask) for key, item in value.items()}
    return value


def from_json(text: str, name: str) -> Report:
    """The report in a file that `--plan` names. Raises InputError."""
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        what = f"{name} is no plan of esprestack: {where}: {first['msg']}"
        raise InputError(Problem(what, todo="make it with: esprestack diff --format json > FILE")) from None


def reviewed_in(of: Report, mask: Callable[[str], str]) -> Reviewed:
    """What a plan file says will change. Its names are masked, so `mask` goes over what they are compared with."""
    plans: dict[Hashable, dict[str, frozenset[str]]] = {
        (plan.config, plan.account, plan.region, plan.cluster, plan.tracking_id): {
            change.rule: frozenset(change.fingerprints) for change in plan.changes if change.action in CHANGING
        }
        for plan in of.plans
    }
    return Reviewed(plans, lambda plan: tuple(map(mask, plan.identity)), mask)


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    return Report.model_json_schema(mode="serialization")


def _problem(problem: Problem) -> ProblemReport:
    where = problem.where
    return ProblemReport(
        what=problem.what,
        file=where.file if where else None,
        line=where.line if where else None,
        column=where.column if where else None,
        todo=problem.todo,
        code=problem.code,
        severity=problem.severity,
    )
