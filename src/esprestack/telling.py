"""Everything that a step of a workflow tells: the log, annotations, the summary, report files and the comment.

In: what a job found or did; out: text that is masked and bounded, each kind in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from esprestack.errors import EsprestackError, Problem
from esprestack.github.client import Client, NotPermittedError
from esprestack.github.comment import upsert
from esprestack.github.event import Command, Event, Job
from esprestack.github.inputs import CommentMode, Inputs
from esprestack.github.pulls import Pull
from esprestack.github.runner import MOST_ANNOTATIONS, MOST_SUMMARY_BYTES, Log
from esprestack.jobs import AnyPlanned
from esprestack.plan.binding import compact, plan_name
from esprestack.plan.model import Action, Plan, counts, digest, hash_of
from esprestack.plan.outcome import Outcome
from esprestack.plan.outcome import Result as Ended
from esprestack.reports.as_json import report, to_json
from esprestack.reports.drift_issue import cause_lines, health_lines
from esprestack.reports.files import ReportFolder
from esprestack.reports.markdown import (
    COMMENT_BYTES,
    outcome_markdown,
    plan_markdown,
    problem_line,
    problems_markdown,
)
from esprestack.reports.sections import Facts, Section, comment_body, holds, marker, merged, sections_of, stands_in
from esprestack.reports.text import outcome_text, plan_text
from esprestack.reports.when import Reader
from esprestack.reports.wording import summary
from esprestack.run import Run

FOLDER = "esprestack-out"
"""Below the workspace: where `plan-json` and `report` are written, for later steps and for upload-artifact."""

_LONGEST_LABEL = 80

_WHOLE = 50_000_000
"""Bytes of the report file at most."""


@dataclass(slots=True)
class Result:
    """What a job found or did, for the sinks."""

    title: str
    planned: Sequence[AnyPlanned] = ()
    problems: list[Problem] = field(default_factory=list)
    outcomes: Sequence[Outcome] = ()
    drifted: bool = False
    failure_reason: str = ""
    skipped: str = ""
    """Why there was nothing to do."""
    causes: Mapping[str, str] = field(default_factory=dict)
    """Of a drift: who is likely to have made the difference, by the rules' names."""
    health: Sequence[str] = ()
    """Of a drift check: what AWS says of the rules' last runs."""
    issues: str = ""
    """The numbers of the drift issues that are open."""
    pulls: Sequence[Pull] = ()
    """The merged pull requests that an apply carries out."""

    @property
    def plans(self) -> list[Plan]:
        return [item.plan for item in self.planned]

    @property
    def changes(self) -> bool:
        return any(plan.changing for plan in self.plans)


@dataclass(frozen=True, slots=True)
class Telling:
    """One step's sinks."""

    run: Run
    event: Event
    inputs: Inputs
    job: Job
    log: Log
    leg: str
    """What tells this step's section in the comment from those of others."""
    attempt: str
    client: Client | None
    """None without a token."""

    def tell(self, result: Result) -> dict[str, str]:
        """Tells every sink; the outputs of the step."""
        self.log.hide(self.run.vault.values())  # look-ups have learned of more
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
        if result.skipped:
            self.log.notice(result.skipped)
        found = {"issue-number": result.issues} | _facts(result)
        return self.files(result) | found | {"comment-url": self._comments(result)}

    def files(self, result: Result) -> dict[str, str]:
        """Writes the report files; the outputs that say where they are."""
        mask = self.run.vault.mask
        folder = ReportFolder(self.run.settings.shown_from or self.run.settings.folder, FOLDER, self.inputs.comment_key)
        try:
            markdown = folder.write("report.md", mask(self._markdown(result, _WHOLE)))
            found = report(str(self.job.command), result.plans, result.problems, result.outcomes)
            plan = folder.write("plan.json", to_json(found, mask))
        except OSError as error:
            self.log.warning(f"the report files can't be written: {error}")
            return {"report": "", "plan-json": ""}
        return {"report": markdown, "plan-json": plan}

    # -- Markdown ----------------------------------------------------------------------------------------------

    def _markdown(self, result: Result, budget: int) -> str:
        """What there is to say; `budget` in bytes."""
        budget -= len(self._footer(result).encode())
        return self._said(result, budget) + self._footer(result)

    def _said(self, result: Result, budget: int) -> str:
        title, reader = result.title, self.reader
        if result.outcomes:
            parts = [outcome_markdown(result.outcomes, budget // 2, title)]
            warnings = [problem for problem in result.problems if not problem.stops]
            if warnings or result.changes:
                parts.append(plan_markdown(result.plans, warnings, budget // 2 - 1, "What was planned", reader))
            return "\n".join(parts)
        if result.plans:
            told = [*cause_lines(result.plans, result.causes), *health_lines(result.health)]
            why = "\n".join(["", *told, ""]) if told else ""
            room = budget - len(why.encode())
            return plan_markdown(result.plans, result.problems, room, title, reader) + why
        if result.problems:
            return problems_markdown(result.problems, title, reader)
        return f"### {title}\n\n{result.skipped or 'The configs are fine.'}\n"

    @property
    def reader(self) -> Reader:
        """Who reads what is told, when and where."""
        name = self.inputs.timezone
        zone = Reader().zone if name == "UTC" else ZoneInfo(name)
        return Reader(self.run.settings.now, zone, name, self.event.files)

    def _footer(self, result: Result) -> str:
        link = f", [run]({self.event.run_url})" if self.event.run_url else ""
        plan = f", plan `{hash_of(result.plans)}`" if result.plans else ""
        pulls = f", brought by {', '.join(f'#{pull.number}' for pull in result.pulls)}" if result.pulls else ""
        return f"\n<sub>at commit {self.event.commit[:12]}{pulls}{link}{plan}</sub>\n"

    # -- the comment -------------------------------------------------------------------------------------------

    def _comments(self, result: Result) -> str:
        """Writes the comment, after an apply on every pull request that it carries out; the URL of the last one.

        Empty where there is none. A comment that can't be written fails nothing.
        """
        if self.inputs.comment is CommentMode.OFF or (result.failure_reason == "cancelled" and not result.outcomes):
            return ""
        if self.job.comments and self.event.pull_request is not None:
            quiet = not result.problems and not result.changes
            only_if_there = self.inputs.comment is CommentMode.CHANGES_ONLY and quiet
            return self._comment(result, self.event.pull_request, (), only_if_there=only_if_there)
        if self.job.command is Command.APPLY:
            urls = [
                self._comment(result, pull.number, pull.comments, only_if_there=True)
                for pull in result.pulls
                if pull.comments
            ]
            return next(filter(None, reversed(urls)), "")
        return ""

    def _comment(self, result: Result, number: int, before: Sequence[str], *, only_if_there: bool) -> str:
        if self.client is None:
            self.log.notice("No comment: the input `github-token` is empty. The plan is in the job's summary")
            return ""
        try:
            posted = upsert(
                self.client,
                number,
                self._wanted(result, before),
                COMMENT_BYTES,
                only_if_there=only_if_there,
                crowded=bool(self.inputs.matrix),
            )
        except NotPermittedError as error:
            self.log.notice(f"No comment: {error} The plan is in the job's summary")
            return ""
        except EsprestackError as error:
            self.log.warning(f"No comment: {error} The plan is in the job's summary")
            return ""
        for warning in posted.warnings if posted else ():
            self.log.warning(warning)
        return posted.url if posted else ""

    def _wanted(self, result: Result, before: Sequence[str]) -> "Ours":
        """`before`: our comments of which the last is to be updated; empty for that of this very run."""
        facts = Facts(
            leg=digest(self.leg)[:12],
            label=self.inputs.matrix or " ".join(self.inputs.config) or self.leg.partition("\n")[0],
            commit=self.event.commit,
            run=self.attempt,
            summary=_in_a_line(result),
            planHash=hash_of(result.plans) if result.plans else "",
            of=tuple(map(plan_name, result.plans)),
            plans={} if result.outcomes else compact(result.plans),
            applied=_applied(result) if self.job.command is Command.APPLY else "",
        )
        mask = self.run.vault.mask
        shown = {"label": mask(facts.label)[:_LONGEST_LABEL], "summary": mask(facts.summary)}
        section = Section(facts.model_copy(update=shown), mask(self._markdown(result, COMMENT_BYTES * 4)))
        if self.inputs.comment is not CommentMode.NEW:
            return Ours(self.inputs.comment_key, section)
        last = {found.facts.run for body in before[-1:] for found in sections_of(body)}
        return Ours(self.inputs.comment_key, section, frozenset({self.attempt, *last}))


@dataclass(frozen=True, slots=True)
class Ours:
    """What is to stand in the comment: our section, beside those of others."""

    key: str
    section: Section
    runs: frozenset[str] = frozenset()
    """Only a comment of these runs is updated; empty for any."""

    @property
    def marker(self) -> str:
        return marker(self.key)

    def body(self, found: Sequence[str], budget: int) -> str:
        return comment_body(self.key, merged(found, self.section), self.section.facts.commit, budget)

    def is_current(self, body: str) -> bool:
        return not self.runs or any(section.facts.run in self.runs for section in sections_of(body))

    def stands_in(self, body: str) -> bool:
        return stands_in(body, self.section.facts)

    def is_alone_in(self, body: str) -> bool:
        return all(found.facts.leg == self.section.facts.leg for found in sections_of(body))

    def holds(self, body: str, other: str) -> bool:
        return holds(body, other)


def _in_a_line(result: Result) -> str:
    if result.failure_reason and not result.outcomes:
        return f"failed: {result.failure_reason}"
    if result.outcomes:
        steps = [step for outcome in result.outcomes for step in outcome.steps]
        counted = [f"{count} {ended}" for ended in Ended if (count := sum(step.result is ended for step in steps))]
        return ", ".join(counted) or "nothing to apply"
    return summary(result.plans) if result.plans else "the configs are fine"


def _applied(result: Result) -> str:
    return "failed" if result.failure_reason else "done"


def _facts(result: Result) -> dict[str, str]:
    found = counts(result.plans)
    updated = found[Action.UPDATE] + found[Action.REPLACE] + found[Action.ADOPT]
    return {
        "changed": _word(result.changes),
        "created": str(found[Action.CREATE]),
        "updated": str(updated),
        "deleted": str(found[Action.DELETE]),
        "unchanged": str(found[Action.UNCHANGED]),
        "drifted": _word(result.drifted),
        "deployments": "\n".join(outcome.deployment for outcome in result.outcomes if outcome.deployment),
        "plan-hash": hash_of(result.plans) if result.plans else "",
    }


def _word(value: bool) -> str:
    return "true" if value else "false"
