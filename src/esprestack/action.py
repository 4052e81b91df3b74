"""The GitHub front end: inputs and event in, a job, then log, summary, annotations, comment and outputs out."""

import json
import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from esprestack import __version__, jobs
from esprestack.errors import AwsError, ConfigError, EsprestackError, Problem
from esprestack.github.event import Command, decide, read_event
from esprestack.github.inputs import CommentMode, FailOn, Inputs, read_inputs
from esprestack.github.runner import MOST_ANNOTATIONS, MOST_SUMMARY_BYTES, Log
from esprestack.plan.make import PlanOptions
from esprestack.plan.model import Action, Plan, counts, hash_of
from esprestack.plan.outcome import Outcome
from esprestack.plan.outcome import Result as Ended
from esprestack.reports.as_json import Report, report, to_json
from esprestack.reports.files import ReportFolder
from esprestack.reports.markdown import (
    COMMENT_BYTES,
    outcome_markdown,
    plan_markdown,
    problem_line,
    problems_markdown,
)
from esprestack.reports.text import outcome_text, plan_text, step_text
from esprestack.run import Planned, Run, Settings
from esprestack.secrets import Vault

FOLDER = "esprestack-out"
"""Below the workspace: where `plan-json` and `report` are written, for later steps and for upload-artifact."""


@dataclass(slots=True)
class Result:
    """What a job found or did, for the sinks."""

    title: str
    planned: Sequence[Planned] = ()
    problems: list[Problem] = field(default_factory=list)
    outcomes: Sequence[Outcome] = ()
    drifted: bool = False
    failure_reason: str = ""

    @property
    def plans(self) -> list[Plan]:
        return [item.plan for item in self.planned]


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Runs the step; the exit code is 0 or 1, as GitHub knows no other."""
    vault = Vault()
    log = Log(vault.mask)
    try:
        return _Step(environ, vault, log).run()
    except EsprestackError as error:  # before there was a job: an input or the event can't be used
        log.errors(error.problems)
        log.summary(problems_markdown(error.problems, "esprestack"))
        log.outputs({"failure-reason": error.reason, "exit-code": "1"})
    except Exception as error:  # noqa: BLE001 - the front end's last line: an unexpected error is told, masked
        log.print(traceback.format_exc())
        log.errors([Problem(f"esprestack failed: {type(error).__name__}: {error}", todo="this is a bug: report it")])
        log.outputs({"failure-reason": "bug", "exit-code": "1"})
    return 1


class _Step:
    """One step of a workflow."""

    def __init__(self, environ: Mapping[str, str], vault: Vault, log: Log) -> None:
        self.environ = environ
        self.vault = vault
        self.log = log
        self.workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
        self.event = read_event(environ)
        self.inputs = read_inputs(environ)
        self.job = decide(self.event, self.inputs.command, self.inputs.dry_run)
        self.stop = threading.Event()
        self.signal = 0

    def run(self) -> int:
        run = Run(_settings(self.inputs, self.environ, self.workspace), self.vault)
        self.log.hide(self.vault.values())
        self.log.print(f"esprestack {self.job.command}: {self.job.why}")
        result = self.result(run)
        outputs = self.tell(result)
        failed = result.failure_reason not in ("", "fork")
        outputs |= {"failure-reason": result.failure_reason if failed else "", "exit-code": str(int(failed))}
        self.log.outputs(outputs)
        return int(failed)

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
        if FailOn.CHANGES in self.inputs.fail_on and any(plan.changing for plan in result.plans):
            result.failure_reason = result.failure_reason or "changes"

    def apply(self, run: Run, result: Result) -> None:
        self._stop_between_rules()
        result.planned, problems = jobs.diff(run)
        jobs.require_no_obstacle(problems)
        self._files(result)  # what was before is written down before anything is changed
        result.outcomes = jobs.apply_plans(
            run, result.planned, problems, self.stop, lambda step: self.log.print(step_text(step, colour=False))
        )
        result.problems += problems
        result.problems += [problem for outcome in result.outcomes for problem in outcome.problems]
        if self.signal:
            result.problems.append(Problem("the run was cancelled; rules that weren't tried are as they were"))
        unread = any(outcome.count(Ended.DIFFERS) for outcome in result.outcomes)
        result.failure_reason = ("read-back" if unread else "aws") if _stop(result.problems) else ""

    def drift(self, run: Run, result: Result) -> None:
        result.planned = jobs.drift(run)
        result.drifted = jobs.is_drift(result.planned)
        if result.drifted and FailOn.DRIFT in self.inputs.fail_on:
            result.failure_reason = "drift"

    def validate(self, run: Run, result: Result) -> None:
        result.problems += jobs.validate(run, offline=False)
        result.failure_reason = "config" if _stop(result.problems) else ""

    def _stop_between_rules(self) -> None:
        def stopped(number: int, _: object) -> None:
            self.signal = number
            self.stop.set()

        signal.signal(signal.SIGINT, stopped)
        signal.signal(signal.SIGTERM, stopped)

    # -- the sinks ---------------------------------------------------------------------------------------------

    def tell(self, result: Result) -> dict[str, str]:
        """Tells every sink; the outputs of the step."""
        self.log.hide(self.vault.values())  # look-ups have learned of more
        problems = result.problems if result.failure_reason != "fork" else []
        with self.log.group(result.title):
            if result.plans and not result.outcomes:
                self.log.print(plan_text(result.plans, colour=False))
            if result.outcomes:
                self.log.print(outcome_text(result.outcomes))
            if len(problems) > MOST_ANNOTATIONS:
                self.log.print("\n".join(map(problem_line, problems)))
        self.log.errors(problems)
        if result.drifted:
            self.log.warning("AWS differs from the configs: see the summary")
        self.log.summary(self._markdown(result, MOST_SUMMARY_BYTES))
        return self._files(result) | {"comment-url": self._comment(result)} | _facts(result)

    def _markdown(self, result: Result, budget: int) -> str:
        title = result.title
        if result.outcomes:
            parts = [outcome_markdown(result.outcomes, budget // 2, title)]
            warnings = [problem for problem in result.problems if not problem.stops]
            if warnings or any(plan.changing for plan in result.plans):
                parts.append(plan_markdown(result.plans, warnings, budget // 2, "What was planned"))
            return "\n".join(parts)
        if result.plans:
            return plan_markdown(result.plans, result.problems, budget, title)
        if result.problems:
            return problems_markdown(result.problems, title)
        return f"### {title}\n\nThe configs are fine.\n"

    def _footer(self) -> str:
        commit, run = self.event.commit[:12], self.event.run_url
        link = f", [run]({run})" if run else ""
        return f"\n<sub>at commit {commit}{link}</sub>\n"

    def _files(self, result: Result) -> dict[str, str]:
        folder = ReportFolder(self.workspace, FOLDER, self.inputs.comment_key)
        try:
            markdown = folder.write("report.md", self.vault.mask(self._markdown(result, 50_000_000)))
            plan = folder.write("plan.json", to_json(self._report(result), self.vault.mask))
        except OSError as error:
            self.log.warning(f"the report files can't be written: {error}")
            return {"report": "", "plan-json": ""}
        return {"report": markdown, "plan-json": plan}

    def _report(self, result: Result) -> Report:
        return report(str(self.job.command), result.plans, result.problems, result.outcomes)

    def _comment(self, result: Result) -> str:
        """The comment's URL; empty where there is none. A comment that can't be written fails nothing."""
        number = self.event.pull_request
        if not self.job.comments or number is None or self.inputs.comment is CommentMode.OFF:
            return ""
        from esprestack.github.client import Client, NotPermittedError
        from esprestack.github.comment import upsert

        if not self.inputs.token:
            self.log.notice("No comment: the input `github-token` is empty. The plan is in the job's summary")
            return ""
        quiet = not result.problems and not any(plan.changing for plan in result.plans)
        client = Client(self.inputs.token, self.event.repository)
        try:
            posted = upsert(
                client,
                number,
                _Wanted(self, result),
                COMMENT_BYTES,
                only_if_there=self.inputs.comment is CommentMode.CHANGES_ONLY and quiet,
            )
        except NotPermittedError as error:
            self.log.notice(f"No comment: {error} The plan is in the job's summary")
            return ""
        except EsprestackError as error:
            self.log.warning(f"No comment: {error} The plan is in the job's summary")
            return ""
        return posted.url if posted else ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the comment is to say."""

    step: _Step
    result: Result

    @property
    def marker(self) -> str:
        return f"<!-- esprestack:{self.step.inputs.comment_key} -->"

    def body(self, found: Sequence[str], budget: int) -> str:  # noqa: ARG002 - what was said is written anew
        plans = self.result.plans
        facts = {
            "commit": self.step.event.commit,
            "planHash": hash_of(plans) if plans else "",
            "version": __version__,
        }
        text = self.step._markdown(self.result, budget - 1_000) + self.step._footer()
        return f"{self.marker}\n<!-- {json.dumps(facts)} -->\n{self.step.vault.mask(text)}"


def _facts(result: Result) -> dict[str, str]:
    found = counts(result.plans)
    updated = found[Action.UPDATE] + found[Action.REPLACE] + found[Action.ADOPT]
    return {
        "changed": _word(any(plan.changing for plan in result.plans)),
        "created": str(found[Action.CREATE]),
        "updated": str(updated),
        "deleted": str(found[Action.DELETE]),
        "unchanged": str(found[Action.UNCHANGED]),
        "drifted": _word(result.drifted),
        "plan-hash": hash_of(result.plans) if result.plans else "",
    }


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


def _stop(problems: Sequence[Problem]) -> bool:
    return any(problem.stops for problem in problems)


def _is_poor(error: EsprestackError) -> bool:
    """Whether all that is wrong is what forks never get: secrets, variables and credentials."""
    if isinstance(error, AwsError):
        return error.code == "NoCredentials"
    return isinstance(error, ConfigError) and all(problem.code == "not-given" for problem in error.problems)


def _word(value: bool) -> str:
    return "true" if value else "false"
