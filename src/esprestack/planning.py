"""Plans of rules: every config's, made while AWS is asked; what is wrong with them; whether AWS took them.

In: a run; out: `Planned`, problems, differences. Services have theirs in `services.of_run`.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from esprestack.backends.base import Backend, Live, Wanted
from esprestack.config.load import Prepared
from esprestack.errors import ConfigError, Problem
from esprestack.plan.make import PlanOptions, doubtful, make_plan, waking
from esprestack.plan.model import Action, Plan
from esprestack.rule import Scope
from esprestack.run import Run
from esprestack.several import check_rules, in_order

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Loaded

_Readings: TypeAlias = list[Future[tuple[Backend, Live]]]
_Homes: TypeAlias = Mapping[tuple[str, str], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A config's plan and the backend that can carry it out."""

    plan: Plan
    backend: Backend
    desired: "tuple[Desired, ...]"
    """The rules as they are to be: with the revisions of the services that they follow."""
    on_bus: frozenset[str] | None = None
    """The names of all rules of the bus."""
    written: "tuple[Desired, ...]" = ()
    """The rules as the config has them."""


def plan_rules(run: Run, *, cluster: bool = False) -> list[Planned]:
    """The plan of every config of rules. `cluster`: with notes on the cluster's other rules."""
    options = run.settings.options
    prepared = run.prepared()
    with _reading_ahead(run, prepared, options, cluster) as readings:
        configs = run.loaded()
        check_rules(prepared, options.rules)
        run.findings.prepare()
        lives = [reading.result() for reading in readings]
        homes = _homes(run, prepared, [live for _, live in lives])
        return [
            _planned(run, at, loaded, *live, homes)
            for at, (loaded, live) in enumerate(zip(configs, lives, strict=True))
        ]


@contextmanager
def _reading_ahead(run: Run, prepared: Sequence[Prepared], options: PlanOptions, cluster: bool) -> Iterator[_Readings]:
    """The live rules of each config, asked for while the configs are checked; an error ends the asking."""
    complete = [item for item in prepared if item.top("cluster") and not item.missing]
    pool = ThreadPoolExecutor(max(1, len(complete)))
    try:
        backends = [run.backend_of(item) for item in complete]
        for backend in backends:
            backend.prepare()
        yield [
            pool.submit(_read, run, backend, item, options, cluster)
            for backend, item in zip(backends, complete, strict=True)
        ]
    except BaseException:
        run.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _read(run: Run, backend: Backend, prepared: Prepared, options: PlanOptions, cluster: bool) -> tuple[Backend, Live]:
    run.aws(run.region_of(prepared))
    every = prepared.wanted
    wanted = {name: every[name] for name in options.rules if name in every} if options.rules else every
    return backend, backend.read(wanted, owned=not options.rules, cluster=cluster)


def _homes(run: Run, prepared: Sequence[Prepared], lives: Sequence[Live]) -> dict[tuple[str, str], dict[str, int]]:
    """For each owner its rules, each with the index of the one config that answers for it.

    It is the config that names it; of an orphan the first one on whose cluster it starts a task, or the first.
    """
    homes: dict[tuple[str, str], dict[str, int]] = {}
    owners = [homes.setdefault(run.owner_of(item), {}) for item in prepared]
    for index, item in enumerate(prepared):
        owners[index] |= dict.fromkeys(item.wanted, index)
    for at_home in (True, False):
        for index, live in enumerate(lives):
            for name, rule in live.rules.items():
                if rule.tracking_id == live.scope.tracking_id and (rule.rule.target or not at_home):
                    owners[index].setdefault(name, index)
    return homes


def _planned(
    run: Run,
    at: int,
    loaded: "Loaded",
    backend: Backend,
    live: Live,
    homes: _Homes,
) -> Planned:
    from esprestack.config.desired import desired_rules

    elsewhere = {name for name, home in homes[run.owner_of(loaded.prepared)].items() if home != at}
    written = tuple(desired_rules(loaded, live.scope, run.settings.now))
    desired, pins = run.followed(written, live.scope, deploying=not run.settings.options.rules)
    if names := doubtful(desired, live, elsewhere):
        live = backend.confirm(live, names)
    if names := waking(desired, live, run.settings.options.rules):
        live = backend.beside(live, names)
    configured = {name for prepared in run.prepared() for name in prepared.wanted}
    options = replace(run.settings.options, now=run.settings.now)
    plan = make_plan(loaded.path, desired, live, options, run.veil, elsewhere, configured=configured, pins=pins)
    return Planned(plan, backend, desired, live.on_bus, written)


def still_differing(run: Run, item: Planned, names: Sequence[str]) -> dict[str, str]:
    """Of the rules of `names`, those that AWS doesn't have as the plan wanted them, and in which fields."""
    wanted = {desired.rule.name: desired for desired in item.desired if desired.rule.name in names}
    live = item.backend.read(dict.fromkeys(names, Wanted()) | {name: wanted[name].meant for name in wanted})
    if doubted := doubtful(list(wanted.values()), live, live.rules):  # the index may not know our tags yet
        live = item.backend.confirm(live, doubted)
    options = PlanOptions(now=run.settings.now)
    plan = make_plan(item.plan.config, list(wanted.values()), live, options, run.veil, live.rules)
    differing = {
        change.name: ", ".join(field.path for field in change.fields) or change.reason or str(change.action)
        for change in plan.changes
        if change.action is not Action.UNCHANGED
    }
    return differing | {name: "being there" for name in names if name not in wanted and name in live.rules}


def findings_of(run: Run, planned: Sequence[Planned]) -> list[Problem]:
    """The findings of every config; AWS is asked about the rules that change."""
    problems = []
    for item in planned:
        changing = {change.name for change in item.plan.changing}
        changed = [desired for desired in item.desired if desired.rule.name in changing]
        scope = item.plan.scope
        problems += run.findings.offline(item.written or item.desired, scope)
        problems += run.findings.online(
            changed, scope, run.aws(scope.region), run.settings.parallel, item.on_bus, roles=False
        )
    return in_order(problems)


def findings_with_aws(run: Run, configs: "Sequence[Loaded]") -> list[Problem]:
    """The findings of every config, with all that AWS can be asked about it, roles and the bus included."""
    from esprestack.config.desired import desired_rules

    problems = []
    for loaded in configs:
        aws = run.aws(run.region_of(loaded.prepared))
        backend = run.backend_of(loaded.prepared)
        live = backend.read({})
        written = desired_rules(loaded, live.scope, run.settings.now)
        problems += run.findings.offline(written, live.scope)
        problems += run.findings.online(
            _followed(run, written, live.scope), live.scope, aws, run.settings.parallel, live.on_bus, roles=True
        )
    return in_order(problems)


def _followed(run: Run, written: "Sequence[Desired]", scope: Scope) -> "Sequence[Desired]":
    """The rules with the revisions that their services run; as they are where a service's files are wrong."""
    try:
        return run.followed(written, scope, deploying=False)[0]
    except ConfigError:  # told where the services are validated
        return written
