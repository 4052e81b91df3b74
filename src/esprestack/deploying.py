"""An apply of both kinds: services first, one after another, each migrated, deployed and waited for; then the rules.

In: what `jobs.diff` planned; out: what became of it. Whatever goes wrong with a service, the rules stay as they are.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import TypeAlias

from esprestack import jobs
from esprestack.apply import Told
from esprestack.errors import EsprestackError, Problem
from esprestack.jobs import AnyPlanned
from esprestack.plan.binding import require_no_more
from esprestack.plan.model import Change, Plan
from esprestack.plan.outcome import Outcome, Result, Step
from esprestack.planning import Planned
from esprestack.reports.text import moment_text
from esprestack.run import Run
from esprestack.services.choice import Choice, Source, chosen_revision
from esprestack.services.deploy import DeployOptions, deploy, require_deployable
from esprestack.services.deployments import FAILED, IN_PROGRESS, service_now
from esprestack.services.ecs import Ecs, number_of
from esprestack.services.handles import to_text
from esprestack.services.masking import hide_secrets
from esprestack.services.migrating import Hears, Migrating
from esprestack.services.model import Deployed, Document, Verdict
from esprestack.services.of_run import PlannedService
from esprestack.services.run import RunOptions, require_runnable
from esprestack.services.texts import failure, stopped_lines, verdict_text
from esprestack.services.wait import DeploymentWatch, News

_Applied: TypeAlias = tuple[tuple[AnyPlanned, ...], tuple[Outcome, ...]]
"""The plans that were carried out, and what became of each."""

_NOT_DONE = frozenset({IN_PROGRESS, FAILED})
"""Rollout states of a primary deployment that an apply waits for, or complains of, though nothing differs."""


class Deploying:
    """One apply. `migrations` are TaskOverrides by the services' names; `told` hears of each step."""

    def __init__(
        self, run: Run, migrations: Mapping[str, Document], hears: Hears, stop: threading.Event, told: Told
    ) -> None:
        self._run = run
        self._migrations = migrations
        self._hears = hears
        self._stop = stop
        self._told = told
        self._migrating = Migrating(run.aws, hears, run.vault.mask)

    def carry_out(self, planned: Sequence[AnyPlanned], problems: Sequence[Problem]) -> _Applied:
        """Carries out what was planned, the services' plans before the rules'.

        Raises EsprestackError, before anything is changed, where a problem or a service stands in the way.
        """
        jobs.require_no_obstacle(problems)
        services = [item for item in planned if isinstance(item, PlannedService)]
        rules = [item for item in planned if isinstance(item, Planned)]
        self._require_services(services)
        outcomes: list[Outcome] = []
        for item in services:
            is_free = not self._stop.is_set() and not any(_failed(outcome) for outcome in outcomes)
            outcomes.append(self._deployed(item) if is_free else _left(item.plan))
        if self._stop.is_set() or any(_failed(outcome) for outcome in outcomes):
            left = [_left(item.plan) for item in rules]
            return (*services, *rules), (*outcomes, *left)
        if not any(item.service.changes for item in services):
            return (*services, *rules), (*outcomes, *self._applied(rules, problems))
        return self._followed(services, outcomes, rules)

    def _require_services(self, services: Sequence[PlannedService]) -> None:
        """Raises, for the first service that can't be deployed, RefusedError, InputError or AwsError."""
        for item in services:
            hide_secrets(item.service.config.task_definition.document, self._run.veil)
            if overrides := self._migrations.get(item.service.scope.service):
                require_runnable(item.service, RunOptions(overrides))
            if item.service.scope.service and _is_to_do(item):
                require_deployable(self._ecs(item), item.service, self._options)

    @property
    def _options(self) -> DeployOptions:
        return DeployOptions(allow=self._run.settings.allow)

    def _ecs(self, item: PlannedService) -> Ecs:
        return Ecs(self._run.aws(item.service.scope.region), item.service.scope)

    # -- services ----------------------------------------------------------------------------------------------

    def _deployed(self, item: PlannedService) -> Outcome:
        """What became of the service; errors are part of it."""
        plan, scope = item.plan, item.service.scope
        if not _is_to_do(item):
            return Outcome(plan, ())
        ending = _Ending(plan, self._told)
        try:
            choice = Choice()
            if item.service.register is not None:
                arn = chosen_revision(self._ecs(item), item.service, choice, self._hears.say)
                choice = Choice(Source.NUMBER, number_of(arn))
                ending.registered()
            return self._waited(item, choice, ending) if scope.service else ending.ended(Result.DONE)
        except EsprestackError as error:
            first = error.problems[0]
            what = f"the deploy of `{scope.service or plan.config}` failed: {first.what}"
            return ending.ended(Result.FAILED, replace(first, what=what))

    def _waited(self, item: PlannedService, choice: Choice, ending: "_Ending") -> Outcome:
        ecs, service = self._ecs(item), item.service
        if overrides := self._migrations.get(service.scope.service):
            options, limit = RunOptions(overrides, choice), service.config.timeout
            migrated = self._migrating.migrate(ecs, service, options, limit, is_forced=False)
            if migrated.problem:
                return ending.ended(Result.FAILED, migrated.problem)
            choice = migrated.choice
        if self._stop.is_set():
            return ending.ended(Result.NOT_TRIED)
        started = deploy(ecs, service, replace(self._options, choice=choice), self._hears.say, self._hears.pause)
        watch = DeploymentWatch(ecs, self._run.aws, started.handle)
        deployed = watch.until_done(self._hear, self._hears.pause, service.config.timeout)
        self._hears.say(verdict_text(deployed).removesuffix("\n"))
        return self._verdict(item, deployed, ending)

    def _verdict(self, item: PlannedService, deployed: Deployed, ending: "_Ending") -> Outcome:
        result = Result.DONE
        problem: Problem | None = None
        if deployed.verdict is not Verdict.SUCCEEDED:
            result = Result.UNKNOWN if deployed.verdict is Verdict.STOPPED else Result.FAILED
            problem = failure(deployed)
        elif differing := self._still_differing(item):
            result, problem = Result.DIFFERS, differing
        outcome = ending.ended(result, problem)
        lines = tuple(stopped_lines(deployed))
        for line in lines:
            self._hears.say(line)
        return replace(outcome, timeline=deployed.timeline, lines=lines, deployment=to_text(deployed.handle))

    def _still_differing(self, item: PlannedService) -> Problem | None:
        """Reads the service again: what AWS doesn't have as the plan wanted it."""
        fresh = self._run.services.planned_again(item.service.config)
        deadline, seconds = monotonic() + jobs.READ_BACK_SECONDS, 0.5
        while fresh.service.changes and monotonic() + seconds < deadline and not self._hears.pause(seconds):
            fresh, seconds = self._run.services.planned_again(item.service.config), seconds * 2
        if not fresh.service.changes:
            return None
        differing = ", ".join(field.path for change in fresh.plan.changing for field in change.fields)
        what = f"`{item.service.scope.service}` was deployed, but AWS says otherwise in {differing or 'what it runs'}"
        return Problem(what, todo="does something else write this service? Look with `esprestack diff`")

    def _hear(self, news: News) -> None:
        self._hears.say(f"warning: {news}" if isinstance(news, Problem) else moment_text(news))

    # -- rules -------------------------------------------------------------------------------------------------

    def _followed(
        self, services: Sequence[PlannedService], outcomes: Sequence[Outcome], rules: Sequence[Planned]
    ) -> _Applied:
        """The rules, planned anew now that the revisions have numbers; of no more than was planned before."""
        if not rules:
            return tuple(services), tuple(outcomes)
        try:
            fresh, problems = jobs.diff_rules(self._run)
            require_no_more([item.plan for item in rules], [item.plan for item in fresh])
            return (*services, *fresh), (*outcomes, *self._applied(fresh, problems))
        except EsprestackError as error:
            left = [_left(item.plan, error.problems[0]) for item in rules]
            return (*services, *rules), (*outcomes, *left)

    def _applied(self, rules: Sequence[Planned], problems: Sequence[Problem]) -> list[Outcome]:
        return jobs.apply_plans(self._run, rules, problems, self._stop, self._told) if rules else []


class _Ending:
    """How the changes of a service ended. One deploy makes them; a revision that was registered stays so."""

    def __init__(self, plan: Plan, told: Told) -> None:
        self._plan = plan
        self._told = told
        self._changes = plan.changing or list(plan.changes[-1:])
        self._steps: list[Step] = []

    def registered(self) -> None:
        """The task definition is; where nothing else changes, that it is deployed is its change."""
        if len(self._changes) > 1:
            self._end(self._changes[0], Result.DONE)

    def ended(self, result: Result, problem: Problem | None = None) -> Outcome:
        """The others ended like that; the last one says why."""
        for change in self._changes[len(self._steps) :]:
            self._end(change, result, problem if change is self._changes[-1] else None)
        return Outcome(self._plan, tuple(self._steps))

    def _end(self, change: Change, result: Result, problem: Problem | None = None) -> None:
        self._steps.append(Step(change, result, problem))
        self._told(self._steps[-1])


def _is_to_do(item: PlannedService) -> bool:
    """Whether there is something to deploy, or a deployment of before to wait for."""
    live = item.service.live
    primary = service_now(live.answer).primary if live else None
    return item.service.changes or (primary is not None and primary.state in _NOT_DONE)


def _failed(outcome: Outcome) -> bool:
    return any(step.result is not Result.DONE for step in outcome.steps)


def _left(plan: Plan, why: Problem | None = None) -> Outcome:
    """Nothing of the plan was tried; the first step says why, where nothing else does."""
    steps = tuple(Step(change, Result.NOT_TRIED, None if at else why) for at, change in enumerate(plan.changing))
    return Outcome(plan, steps)
