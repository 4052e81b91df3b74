"""What apply and its like have in common: plans are carried out, each rule is told, and a report is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from esprestack.errors import Problem
from esprestack.options import write
from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esprestack.jobs import AnyPlanned
    from esprestack.plan.outcome import Outcome, Waiting
    from esprestack.run import Run
    from esprestack.services.model import Document

FOLDER = "esprestack-out"


@dataclass(frozen=True, slots=True)
class Reporting:
    """Which command reports, and to which file; None: one of its own below FOLDER."""

    command: str
    file: Path | None = None


def carry_out(
    terminal: Terminal,
    run: "Run",
    planned: "Sequence[AnyPlanned]",
    problems: Sequence[Problem],
    form: str,
    reporting: Reporting,
    migrations: "Mapping[str, Document] | None" = None,
) -> int:
    """Carries out the plans and tells what became of them; the exit code. Raises RefusedError."""
    from esprestack import jobs
    from esprestack.applying import apply_all
    from esprestack.plan.outcome import Result, Step
    from esprestack.reports.as_json import report, to_json
    from esprestack.reports.text import outcome_text, step_text

    plans = [item.plan for item in planned]
    wanted = reporting.file or form != "json"  # as JSON the result itself is the report
    file = ReportFile(terminal, reporting) if wanted and any(plan.changing for plan in plans) else None

    def reported(outcomes: "Sequence[Outcome]") -> str:
        return to_json(report(reporting.command, plans, problems, outcomes), terminal.vault.mask)

    jobs.require_no_obstacle(problems)
    complain(terminal, problems)
    if file:
        file.write(reported(()))  # what was before is written down before anything is changed
    terminal.stop_between_rules()
    with terminal.progress(sum(len(plan.changing) for plan in plans)) as progress:

        def told(step: "Step | Waiting") -> None:
            ended = isinstance(step, Step) and step.result is not Result.DIFFERS
            progress(step_text(step, terminal.colour), ended)

        planned, outcomes = apply_all(run, planned, problems, migrations or {}, terminal, terminal.stop, told)
    plans = [item.plan for item in planned]
    if file:
        file.write(reported(outcomes))
    match form:
        case "markdown":
            from esprestack.reports.markdown import SUMMARY_BYTES, outcome_markdown

            terminal.result(outcome_markdown(outcomes, SUMMARY_BYTES, f"esprestack {reporting.command}"))
        case "json":
            terminal.result_json(reported(outcomes))
        case _:
            terminal.result(outcome_text(outcomes))
    failed = [problem for outcome in outcomes for problem in outcome.problems]
    complain(terminal, failed)
    if file and file.path:
        terminal.say(f"report: {file.path}")
    if terminal.signal:
        return 128 + terminal.signal
    return FAILURE if failed else 0


class ReportFile:
    """The report of one apply. A named file has to be writable; one of our own choice is left out where none is."""

    def __init__(self, terminal: Terminal, reporting: Reporting) -> None:
        self._terminal = terminal
        self._named = reporting.file
        self._name = f"{reporting.command}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
        self.path = ""
        """Where it was written; empty where it couldn't be."""

    def write(self, text: str) -> None:
        """Writes it anew. Raises InputError where a named file can't be written."""
        from esprestack.reports.files import ReportFolder

        if self._named:
            write(self._named, text)
            self.path = str(self._named)
            return
        try:
            self.path = ReportFolder(Path.cwd(), FOLDER, "reports").write(self._name, text)
        except OSError as error:
            self._terminal.say(f"warning: no report is written: {error}")
