"""What an apply changed, put back: from its report to plans that can be carried out like any other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from esprestack.backends.base import Backend, Wanted
from esprestack.config.desired import Desired, rule_of
from esprestack.config.kind import Kind
from esprestack.config.source import Source, read_tree
from esprestack.config.tree import Tree
from esprestack.config.words import Words, to_words
from esprestack.errors import ConfigError, InputError, Problem, RefusedError, Where
from esprestack.plan.compare import leaves, rebuilt
from esprestack.plan.make import PlanOptions, make_plan
from esprestack.plan.model import CHANGING, Action
from esprestack.plan.outcome import Result
from esprestack.planning import Planned
from esprestack.reports.as_json import ChangeReport, PlanReport, from_json
from esprestack.rule import Home, Scope
from esprestack.run import Run
from esprestack.secrets import SECRET

_COMMANDS = ("apply", "destroy", "restore")


def restore(run: Run, text: str, path: str) -> list[Planned]:
    """Plans that make AWS what it was before the apply whose report is `text`. Raises before anything is changed.

    Rules alone are put back: of a service ECS keeps the history.
    """
    report = from_json(text, path)
    if report.command not in _COMMANDS:
        todo = "give the report of an apply: it says at its end where it is"
        raise InputError(Problem(f"{path} is the report of a {report.command}, which changed nothing", todo=todo))
    source = Source(path, text)
    tree = read_tree(text, source, lambda line, column: Where(path, line, column))
    return [_planned(run, plan, ("plans", at), tree) for at, plan in enumerate(report.plans) if plan.kind is Kind.RULES]


def _planned(run: Run, plan: PlanReport, place: tuple[str, int], tree: Tree) -> Planned:
    aws = run.aws(plan.region)
    backend = run.rules_of(aws, plan.cluster, plan.tracking_id)
    changes = {at: change for at, change in enumerate(plan.changes) if _was_tried(change)}
    chosen = run.settings.options.rules
    changes = {at: change for at, change in changes.items() if not chosen or change.rule in chosen}
    scope = _scope(backend, plan, tree.where((*place, "account")))
    made = {change.rule: _made(change.after or {}) for change in changes.values() if change.before is None}
    desired = _desired(run, {(*place, "changes", at, "before"): change for at, change in changes.items()}, scope, tree)
    live = backend.read(made | {item.rule.name: item.meant for item in desired})
    live = backend.confirm(live, sorted(live.rules))
    options = PlanOptions(prune=True, max_deletes=len(made), may_empty=True)
    fresh = make_plan(plan.config, desired, live, options, run.veil)
    notes = [
        f"`{change.rule}` was tracked by nobody before, and stays tracked by `{plan.tracking_id}`"
        for change in changes.values()
        if change.action is Action.ADOPT
    ]
    return Planned(replace(fresh, notes=(*fresh.notes, *notes)), backend, tuple(desired))


def _made(words: Words) -> Wanted:
    """Which live rule an apply has made."""
    return Wanted(home=Home(words.get("backend", Home.RULES)), group=str(words.get("scheduleGroup", "")))


def _was_tried(change: ChangeReport) -> bool:
    """Without a result: the apply was killed, and nobody knows how far it came."""
    return change.action in CHANGING and change.result != str(Result.NOT_TRIED)


def _scope(backend: Backend, plan: PlanReport, where: Where) -> Scope:
    scope = backend.scope()
    if scope.account != plan.account:
        what = f"the report is of account {plan.account}, the credentials are of account {scope.account}"
        raise RefusedError(Problem(what, where, "use the credentials of that account"))
    return scope


def _desired(
    run: Run, changes: Mapping[tuple[str | int, ...], ChangeReport], scope: Scope, tree: Tree
) -> list[Desired]:
    """The rules as they were, with secrets from the configs. Raises ConfigError for all that can't be put back."""
    from pydantic import ValidationError

    desired, problems = [], []
    secrets = _Secrets(run, scope)
    for place, change in changes.items():
        if change.before is None:
            continue
        words, lost = secrets.filled(change.before)
        where = tree.where((*place, "name"))
        for field in lost:
            what = f"`{change.rule}` can't be put back: {field} was a secret, and no config holds it any more"
            problems.append(Problem(what, where, "put it back by hand, and restore the others with --rule"))
        if lost:
            continue
        try:
            rule = rule_of(words, scope)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            what = f"`{change.rule}` can't be put back: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            problems.append(Problem(what, where, "put it back by hand, and restore the others with --rule"))
            continue
        if any(field.path.startswith("ruleTags") for field in change.fields):
            rule = replace(rule, rule_tags=rule.rule_tags or ())
        desired.append(Desired(rule, place, tree))
    if problems:
        raise ConfigError(problems)
    return desired


class _Secrets:
    """The secrets of the configs, where a report has but the word for one. Configs are read when one is needed."""

    def __init__(self, run: Run, scope: Scope) -> None:
        self._run = run
        self._scope = scope
        self._known: dict[str, dict[str, Any]] | None = None

    def filled(self, words: Words) -> tuple[Words, list[str]]:
        """`words` with every secret that a config holds in the same place, and the paths of those that none holds."""
        values = dict(leaves(words))
        hidden = [path for path, value in values.items() if SECRET in str(value)]
        known = self._of(str(words["name"])) if hidden else {}
        lost = [path for path in hidden if self._run.veil.shown(path, known.get(path)) != values[path]]
        filled: Words = rebuilt(words, values | {path: known.get(path) for path in hidden})
        return filled, lost

    def _of(self, name: str) -> dict[str, Any]:
        if self._known is None:
            wanted = self._run.wanted(self._scope.region, self._scope.tracking_id, self._scope)
            self._known = {name: dict(leaves(to_words(desired.rule))) for name, desired in wanted.items()}
        return self._known.get(name, {})
