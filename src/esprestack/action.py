"""The GitHub front end: inputs and event in, a job, then log, summary, annotations, comment and outputs out."""

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from esprestack import jobs
from esprestack.applying import apply_all, migrations_of
from esprestack.config.kind import Kind
from esprestack.drifting import Drifting
from esprestack.errors import (
    AwsError,
    ConfigError,
    EsprestackError,
    GithubError,
    PlanChangedError,
    Problem,
    Severity,
)
from esprestack.github.client import Client
from esprestack.github.event import Command, decide, read_event
from esprestack.github.inputs import FailOn, Inputs, RequirePlan, read_inputs
from esprestack.github.runner import Log
from esprestack.plan.ignored import ignored
from esprestack.plan.make import PlanOptions
from esprestack.plan.outcome import Outcome, Step, Waiting
from esprestack.plan.outcome import Result as Ended
from esprestack.reports.markdown import problems_markdown
from esprestack.reports.text import step_text
from esprestack.reviewed import Reviews
from esprestack.run import Run, Settings
from esprestack.secrets import Vault
from esprestack.signals import CancelledError, Signals, is_cancelled
from esprestack.telling import Result, Telling


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Runs the step; the exit code is 0 or 1, and 130 or 143 where it was cancelled."""
    vault = Vault()
    log = Log(vault.mask)
    signals = Signals()
    try:
        return _Step(environ, vault, log, signals).run()
    except EsprestackError as error:  # before there was a job: an input or the event can't be used
        log.errors(error.problems)
        log.summary(problems_markdown(error.problems, "esprestack"))
        log.outputs({"failure-reason": error.reason, "exit-code": "1"})
    except CancelledError:
        log.outputs({"failure-reason": "cancelled", "exit-code": str(signals.exit_code)})
        return signals.exit_code
    except Exception as error:  # noqa: BLE001 - the front end's last line: an unexpected error is told, masked
        log.print(traceback.format_exc())
        log.errors([Problem(f"esprestack failed: {type(error).__name__}: {error}", todo="this is a bug: report it")])
        log.outputs({"failure-reason": "bug", "exit-code": "1"})
    return 1


class _Step:
    """One step of a workflow."""

    def __init__(self, environ: Mapping[str, str], vault: Vault, log: Log, signals: Signals) -> None:
        self.environ = environ
        self.vault = vault
        self.log = log
        self.workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
        self.event = read_event(environ)
        self.inputs = read_inputs(environ)
        self.job = decide(self.event, self.inputs.command, self.inputs.dry_run)
        self.signals = signals
        self.client = Client(self.inputs.token, self.event.repository) if self.inputs.token else None
        self.telling: Telling

    def run(self) -> int:
        run = Run(_settings(self.inputs, self.environ, self.workspace), self.vault)
        leg, attempt = _leg(self.inputs, self.environ)
        self.telling = Telling(run, self.event, self.inputs, self.job, self.log, leg, attempt, self.client)
        self.log.hide(self.vault.values())
        self.log.print(f"esprestack {self.job.command}: {self.job.why}")
        try:
            result = self.result(run)
        except BaseException as error:
            if not is_cancelled(error):
                raise
            problem = Problem("the run was cancelled before anything was changed")
            result = Result(f"esprestack {self.job.command}", problems=[problem], failure_reason="cancelled")
        self.signals.wait_for_the_rule_in_hand()
        outputs = self.telling.tell(result)
        failed = result.failure_reason not in ("", "fork")
        code = (self.signals.exit_code or 1) if failed else 0
        self.log.outputs(outputs | {"failure-reason": result.failure_reason if failed else "", "exit-code": str(code)})
        return code

    # -- the job -----------------------------------------------------------------------------------------------

    def result(self, run: Run) -> Result:
        """The job's result; errors of the user's making are part of it, so that every sink tells them."""
        result = Result(f"esprestack {self.job.command}")
        try:
            _JOBS[self.job.command](self, run, result)
        except EsprestackError as error:
            result.problems += error.problems
            result.failure_reason = error.reason
            if self.event.is_fork and _is_poor(error):
                self.log.notice("A pull request from a fork has no secrets and no AWS credentials: nothing to compare")
                result.failure_reason = "fork"
        return result

    def diff(self, run: Run, result: Result) -> None:
        result.planned, problems = jobs.diff(run)
        result.problems += problems
        result.failure_reason = "refused" if _stop(problems) else ""
        if FailOn.CHANGES in self.inputs.fail_on and result.changes:
            result.failure_reason = result.failure_reason or "changes"

    def apply(self, run: Run, result: Result) -> None:
        migrations = migrations_of(run, self.inputs.migrate, "the input `migrate`")
        result.planned, problems = jobs.diff(run)
        jobs.require_no_obstacle(problems)
        self._require_reviewed(result)
        self.telling.files(result)  # what was before is written down before anything is changed
        self.signals.wait_for_the_rule_in_hand()
        ears, stop = _Ears(self.log, self.signals), self.signals.stop
        result.planned, result.outcomes = apply_all(run, result.planned, problems, migrations, ears, stop, self._told)
        result.problems += problems
        result.problems += [problem for outcome in result.outcomes for problem in outcome.problems]
        if self.signals.number:
            result.problems.append(Problem("the run was cancelled; what wasn't tried is as it was"))
        result.failure_reason = _why_failed(result.outcomes) if _stop(result.problems) else ""
        if self.signals.number:
            result.failure_reason = "cancelled"

    def _told(self, step: Step | Waiting) -> None:
        self.log.print(step_text(step, colour=False))

    def _require_reviewed(self, result: Result) -> None:
        """Looks up what was merged, and holds the plan against what was reviewed there."""
        demand = self.inputs.require_plan
        if not self.event.is_push_to_default_branch or self.client is None:
            return
        reviews = Reviews(self.client, self.event, self.inputs.comment_key)
        try:
            result.pulls = reviews.pulls
            if demand is not RequirePlan.OFF:
                reviews.require(result.plans)
        except (GithubError, PlanChangedError) as error:
            if demand is RequirePlan.MATCH:
                raise
            if demand is RequirePlan.WARN:
                result.problems += [replace(problem, severity=Severity.WARNING) for problem in error.problems]

    def drift(self, run: Run, result: Result) -> None:
        drifting = self._drifting(run)
        patterns = ignored(self.inputs.drift_ignore)
        if drifting.is_applying():
            result.skipped = "No drift check: an apply is under way, the next check looks again"
        else:
            try:
                result.planned = jobs.drift(run, patterns)
                result.drifted = jobs.is_drift(result.planned)
                result.causes = drifting.causes(result.plans)
                result.health = jobs.health(run, result.planned)
            except EsprestackError as error:
                result.issues = drifting.keep_issues((), error.problems, {})
                raise
            finally:
                self._notice(drifting)
            result.issues = drifting.keep_issues(result.plans, (), result.causes)
        self._notice(drifting)
        if result.drifted and FailOn.DRIFT in self.inputs.fail_on:
            result.failure_reason = "drift"

    def _drifting(self, run: Run) -> Drifting:
        return Drifting(self.event, self.inputs, self.vault, self.telling.reader, self.client, run.settings.now)

    def _notice(self, drifting: Drifting) -> None:
        for notice in drifting.notices:
            self.log.notice(notice)
        drifting.notices.clear()

    def validate(self, run: Run, result: Result) -> None:
        result.problems += jobs.validate(run, offline=False)
        result.failure_reason = "config" if _stop(result.problems) else ""


class _Ears:
    """Hears what happens to a service, in the log; a signal ends its pauses."""

    def __init__(self, log: Log, signals: Signals) -> None:
        self._log = log
        self._signals = signals

    def say(self, text: str) -> None:
        self._log.print(text)

    def pause(self, seconds: float) -> bool:
        return self._signals.stop.wait(seconds)


def _leg(inputs: Inputs, environ: Mapping[str, str]) -> tuple[str, str]:
    """What tells this step from the others that write into the comment, and which run of it this is."""
    job, workflow = environ.get("GITHUB_JOB", ""), environ.get("GITHUB_WORKFLOW", "")
    asked = (*inputs.config, "", *inputs.rule, "", str(inputs.folder), inputs.region)
    run = f"{environ.get('GITHUB_RUN_ID', '')}/{environ.get('GITHUB_RUN_ATTEMPT', '')}"
    return "\n".join((job, workflow, inputs.matrix, *asked)), run


_JOBS: dict[Command, Callable[[_Step, Run, Result], None]] = {
    Command.DIFF: _Step.diff,
    Command.APPLY: _Step.apply,
    Command.DRIFT: _Step.drift,
    Command.VALIDATE: _Step.validate,
}


def _settings(inputs: Inputs, environ: Mapping[str, str], workspace: Path) -> Settings:
    return Settings(
        folder=inputs.folder,
        configs=inputs.config,
        environ=environ,
        env_allow=inputs.env_allow,
        secrets=inputs.secrets,
        variables=inputs.variables,
        secret_names=inputs.secret_names,
        allow=inputs.allow,
        ext_strs=inputs.ext_strs,
        ext_codes=inputs.ext_codes,
        options=PlanOptions(inputs.rule, inputs.prune, inputs.take_over, inputs.max_deletes),
        region=inputs.region,
        allowed_accounts=inputs.allowed_accounts,
        parallel=inputs.parallel,
        shown_from=workspace,
    )


def _why_failed(outcomes: Sequence[Outcome]) -> str:
    """The reason of an apply that didn't do all that it should."""
    if any(outcome.count(Ended.DIFFERS) for outcome in outcomes):
        return "read-back"
    services = [outcome for outcome in outcomes if outcome.plan.kind is Kind.SERVICE]
    return "deploy" if any(outcome.problems for outcome in services) else "aws"


def _stop(problems: Sequence[Problem]) -> bool:
    return any(problem.stops for problem in problems)


def _is_poor(error: EsprestackError) -> bool:
    """Whether all that is wrong is what forks never get: secrets, variables and credentials."""
    if isinstance(error, AwsError):
        return error.code == "NoCredentials"
    return isinstance(error, ConfigError) and all(problem.code == "not-given" for problem in error.problems)
