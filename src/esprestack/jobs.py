"""The jobs: diff, apply, drift, dump, validate, render. One function each; both front ends call them.

Data goes one way: settings → config text → rendered text → Config → desired rules; AWS → live rules; both → Plan →
Outcome. Nothing here prints, and nothing here knows a terminal or GitHub.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from esprestack.config.kind import Kind
from esprestack.config.words import Words, to_words
from esprestack.errors import AwsError, ConfigError, InputError, Problem, RefusedError
from esprestack.plan.ignored import Ignored, without_ignored
from esprestack.plan.make import PlanOptions, make_plan
from esprestack.plan.model import Action
from esprestack.plan.outcome import Outcome, Result, Step
from esprestack.plan.pins import NEW
from esprestack.planning import Planned, findings_of, findings_with_aws, plan_rules, still_differing
from esprestack.rule import DEFAULT_ROLE, Home
from esprestack.run import Run
from esprestack.several import all_of, in_order

if TYPE_CHECKING:
    from esprestack.apply import Told
    from esprestack.config.desired import Desired
    from esprestack.config.load import Prepared
    from esprestack.iam import Needs
    from esprestack.services.checked import Verified
    from esprestack.services.needs import ServiceNeeds
    from esprestack.services.of_run import PlannedService

AnyPlanned: TypeAlias = "Planned | PlannedService"
"""A config's plan, of its rules or of its service, with what it takes to carry it out."""

_Diff: TypeAlias = "Callable[[Run], tuple[Sequence[AnyPlanned], list[Problem]]]"

READ_BACK_SECONDS = 15.0
"""How long AWS may take until a read says what was written."""


def diff(run: Run) -> tuple[list[AnyPlanned], list[Problem]]:
    """The plan of every config, with what would stop it and what its reader is warned of."""
    of_kind: dict[Kind, _Diff] = {Kind.RULES: diff_rules, Kind.SERVICE: diff_services}
    found = all_of(lambda kind: of_kind[kind](run), run.kinds)
    return [item for planned, _ in found for item in planned], [problem for _, told in found for problem in told]


def diff_rules(run: Run) -> tuple[list[Planned], list[Problem]]:
    """The same of the configs of rules alone: what an apply carries out."""
    planned = plan_rules(run)
    return planned, [*_refusals(planned), *findings_of(run, planned)]


def diff_services(run: Run) -> "tuple[list[PlannedService], list[Problem]]":
    """The same of the services alone: what a deploy carries out."""
    planned = run.services.planned()
    return planned, [*_refusals(planned), *run.services.found_in(run.services.configs())]


def drift(run: Run, patterns: Sequence[Ignored] = ()) -> list[AnyPlanned]:
    """The plan of every config without what is ignored, with orphans and notes on others' rules on its cluster."""
    found: list[AnyPlanned] = list(plan_rules(run, cluster=True) if Kind.RULES in run.kinds else ())
    found += run.services.planned() if Kind.SERVICE in run.kinds else ()
    return [replace(item, plan=without_ignored(item.plan, patterns)) for item in found]


def health(run: Run, planned: Sequence[AnyPlanned]) -> list[str]:
    """How the rules of each config have fared lately, in words; what the role may not read is named."""
    from esprestack.health import health_of

    lines: dict[str, None] = {}
    for item in planned:
        if not isinstance(item, Planned):
            continue
        scope, rules = item.plan.scope, [desired.rule for desired in item.desired]
        lines |= dict.fromkeys(health_of(run.aws(scope.region), scope, rules, run.settings.now).lines)
    return list(lines)


def is_drift(planned: Sequence[AnyPlanned]) -> bool:
    """Whether AWS differs from the configs."""
    return any(item.plan.changing or item.plan.of(Action.ORPHAN, Action.CONFLICT) for item in planned)


def apply_plans(
    run: Run,
    planned: Sequence[Planned],
    problems: Sequence[Problem],
    stop: threading.Event,
    told: "Told",
) -> list[Outcome]:
    """Carries out what `diff_rules` planned and reads back what was touched; a run that was stopped reads nothing back.

    Raises RefusedError, before anything is changed, where one of the diff's `problems` stands in the way.
    """
    from esprestack.apply import Applying

    require_no_obstacle(problems)
    _require_numbers(planned)
    applying = Applying(run.settings.parallel, stop, told)
    outcomes = applying.carry_out([(item.plan, item.backend) for item in planned])
    return [read_back(run, item, outcome, stop, told) for item, outcome in zip(planned, outcomes, strict=True)]


def _require_numbers(planned: Sequence[Planned]) -> None:
    """Raises RefusedError for a rule that follows a revision which isn't registered: AWS is never told of such."""
    writes = [change.write for item in planned for change in item.plan.changing]
    for write in writes:
        if write and write.after and write.after.target and write.after.target.task_definition.endswith(NEW):
            what = f"`{write.name}` follows a revision that isn't registered yet"
            raise RefusedError(Problem(what, todo="deploy the service first: apply all configs together"))


def require_no_obstacle(problems: Sequence[Problem]) -> None:
    """Raises RefusedError where one of `problems` stands in the way of an apply."""
    if any(problem.stops for problem in problems):
        raise RefusedError([*problems, Problem("nothing was changed")])


def read_back(run: Run, item: Planned, outcome: Outcome, stop: threading.Event, told: "Told") -> Outcome:
    """`outcome` with every step that AWS doesn't confirm within READ_BACK_SECONDS marked as such."""
    names = [step.change.name for step in outcome.steps if step.result is Result.DONE]
    deadline = time.monotonic() + READ_BACK_SECONDS
    wait = 0.5
    try:
        while names and not stop.is_set() and (differing := still_differing(run, item, names)):
            if time.monotonic() + wait > deadline:
                return _marked(outcome, differing, told)
            names = list(differing)
            stop.wait(wait)
            wait *= 2
    except AwsError as error:
        return _unconfirmed(outcome, names, error.problems[0])
    return outcome


def _unconfirmed(outcome: Outcome, names: Sequence[str], why: Problem) -> Outcome:
    steps = []
    for step in outcome.steps:
        if step.result is Result.DONE and step.change.name in names:
            what = f"`{step.change.name}` was written, but couldn't be read back: {why.what}"
            step = Step(step.change, step.result, Problem(what, step.change.where, why.todo))
        steps.append(step)
    return Outcome(outcome.plan, tuple(steps))


def _marked(outcome: Outcome, differing: Mapping[str, str], told: "Told") -> Outcome:
    steps = []
    for step in outcome.steps:
        if step.result is Result.DONE and step.change.name in differing:
            what = f"`{step.change.name}` was written, but AWS says otherwise in {differing[step.change.name]}"
            problem = Problem(what, step.change.where, "does something else write this rule? Look, and apply again")
            step = Step(step.change, Result.DIFFERS, problem)
            told(step)
        steps.append(step)
    return Outcome(outcome.plan, tuple(steps))


def validate(run: Run, *, offline: bool) -> list[Problem]:
    """All findings, by their place. Offline: of the configs' text alone.

    Raises ConfigError for files that can't be rendered or parsed. That AWS can't be asked is a problem among others.
    """
    of_kind = {Kind.RULES: lambda: _validate_rules(run, offline=offline), Kind.SERVICE: lambda: _validate_services(run)}
    found = all_of(lambda kind: of_kind[kind](), run.kinds)
    return in_order(problem for problems in found for problem in problems)


def _validate_rules(run: Run, *, offline: bool) -> list[Problem]:
    examined = run.examined()
    readable = [item.readable for item in examined if item.readable]
    problems = [problem for item in examined for problem in item.problems]
    try:
        found = None if offline else findings_with_aws(run, readable)
    except AwsError as error:
        problems += error.problems
        found = None
    if found is None:
        found = [problem for loaded in readable for problem in run.found_in_text(loaded)]
    return [*problems, *found, *run.stand_twice(readable)]


def _validate_services(run: Run) -> list[Problem]:
    """Of their text; what AWS has of what they name is for `verify` to say."""
    examined = run.services.examined()
    configs = [item.config for item in examined if item.config]
    problems = [problem for item in examined for problem in item.problems]
    return [*problems, *run.services.found_in(configs), *run.services.stand_twice(configs)]


def verify(run: Run) -> "list[Verified]":
    """Whether what each service's files name is there and fit, as far as AWS may be asked. Raises InputError."""
    if not run.paths[Kind.SERVICE]:
        what = f"there is no service here, only rules: {run.paths[Kind.RULES][0].name}"
        raise InputError(Problem(what, todo="rules are checked by: esprestack validate"))
    return run.services.verified()


def destruction(run: Run, tracking_id: str, cluster: str, max_deletes: int | None) -> Planned:
    """The plan to delete every rule that its own tags give to `tracking_id`."""
    backend = run.rules_of(run.aws(run.settings.region), cluster, tracking_id)
    live = backend.read({}, owned=True)
    live = backend.confirm(live, sorted(live.rules))
    most = len(live.rules) if max_deletes is None else max_deletes
    options = PlanOptions(prune=True, max_deletes=most, may_empty=True)
    return Planned(make_plan(f"tracking id {tracking_id}", (), live, options, run.veil), backend, ())


def needs(run: Run, account: str) -> "tuple[list[Needs], list[ServiceNeeds]]":
    """What each config needs of AWS, rules first, found without asking it.

    `account`: empty for that of an ARN in the config.
    """
    from esprestack.iam import Needs
    from esprestack.services.needs import service_needs

    rules = []
    for loaded in run.loaded() if Kind.RULES in run.kinds else ():
        scope, wanted = run.guessed(loaded, account or "*")
        rules.append(Needs(scope, wanted, tuple(dict.fromkeys(run.unasked))))
    configs = run.services.configs() if Kind.SERVICE in run.kinds else []
    looked = tuple(dict.fromkeys(run.unasked))
    return rules, [service_needs(config, account or "*", run.known, looked) for config in configs]


def render(run: Run) -> list[tuple[str, str]]:
    """(path, text) of every config after templating, with the files that it is made of, and with secrets masked."""
    prepared = [layer for item in (run.prepared() if Kind.RULES in run.kinds else ()) for layer in (item, *item.below)]
    services = run.services.prepared() if Kind.SERVICE in run.kinds else []
    prepared += [part for item in services for part in item.parts]
    missing = [problem for item in prepared for problem in item.missing]
    missing += [problem for item in services for problem in item.unprepared]
    if missing:
        raise ConfigError(missing)
    return [(item.source.path, run.vault.mask(item.tree.replaced(item.text, run.veil.shown))) for item in prepared]


def dump(run: Run, cluster: str, tracking_id: str) -> tuple[Words, list[str]]:
    """The live rules of a cluster as a config, and what the reader has to know of it.

    `tracking_id`, if given, selects the rules that it tracks. A config is meant for Git: values of secrets, and
    values whose name looks like a secret's, are written as look-ups `{{ secret("NAME") }}`.
    """
    from esprestack.plan.lookups import SecretLookups

    name = tracking_id or cluster.rpartition("/")[2]
    backend = run.rules_of(run.aws(run.settings.region), cluster, name)
    live = backend.read({}, cluster=True)
    live = backend.confirm(live, sorted(live.rules))
    found = [rule for _, rule in sorted(live.rules.items()) if tracking_id in ("", rule.tracking_id)]
    kept = [rule for rule in found if not rule.would_lose and rule.rule.target]
    notes = list(live.notes)
    notes += [
        f"`{rule.name}` is left out: a config can't say {', '.join(rule.would_lose) or 'a rule without target'}"
        for rule in found
        if rule not in kept
    ]
    notes += [
        f"`{rule.name}` has more targets, which a config can't say: {', '.join(rule.foreign)}"
        for rule in kept
        if rule.foreign
    ]
    roles = Counter(rule.rule.target.role for rule in kept if rule.rule.target)
    role = roles.most_common(1)[0][0] if roles else DEFAULT_ROLE
    words: Words = {"region": live.scope.region, "cluster": live.scope.cluster}
    if role != DEFAULT_ROLE:
        words["role"] = role
    if tracking_id and tracking_id != live.scope.cluster:
        words["trackingId"] = tracking_id
    lookups = SecretLookups(run.veil)
    homes = {rule.rule.home for rule in kept}
    home = homes.pop() if len(homes) == 1 else Home.RULES
    if home is Home.SCHEDULER:
        words["backend"] = str(home)
    words["rules"] = [lookups.written(to_words(rule.rule, role, home)) for rule in kept]
    notes += [f"the config reads the secret `{secret}`: add it before you use the file" for secret in lookups.names]
    return words, notes


def dump_into(run: Run, text: str, *, remove_missing: bool) -> tuple[str, list[str]]:
    """`text`, that of the one config of this run, made what AWS has; and what the reader has to know of it.

    Comments, order, templates and everything that doesn't differ stay as they are. Writes nothing.
    """
    from esprestack.reports.merge import merge_whole

    planned = plan_rules(run)
    if len(planned) != 1:
        raise InputError(Problem("--merge takes one config at a time", todo="name it with --merge FILE"))
    (item,) = planned
    prepared, desired, scope = run.loaded()[0].prepared, item.desired, item.plan.scope
    live = item.backend.read(prepared.wanted, owned=True)
    live = item.backend.confirm(live, sorted(live.rules))
    names = prepared.wanted
    ours = {name: rule for name, rule in live.rules.items() if rule.tracking_id == scope.tracking_id or name in names}
    lacking: list[str] = []

    def read_again(new: str) -> "tuple[Prepared, Sequence[Desired]] | None":
        try:
            return run.read_again(0, scope, new)
        except ConfigError as error:
            if any(problem.code != "not-given" for problem in error.problems):
                raise
            lacking.extend(f"{problem.what}: add it before you use the file" for problem in error.problems)
            return None  # secrets of AWS that are look-ups now

    merged = merge_whole(text, prepared, desired, ours, scope, run.veil, read_again, remove_missing=remove_missing)
    return merged.text, list(dict.fromkeys((*merged.notes, *lacking)))


def _refusals(planned: Sequence[AnyPlanned]) -> list[Problem]:
    return [problem for item in planned for problem in item.plan.refusals]
