"""diff, apply and drift: a plan, shown and carried out."""

from pathlib import Path
from typing import Any

import click

from esprestack.options import form as form_option
from esprestack.options import read, run_of, selection, where
from esprestack.terminal import CHANGES, FAILURE, Terminal, complain, show_plans


@click.command()
@where
@selection
@form_option
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there are changes.")
@click.pass_obj
def diff(terminal: Terminal, /, form: str, exit_code: bool, **given: Any) -> int:
    """Show what an apply would change. Writes nothing."""
    from esprestack import jobs

    planned, problems = jobs.diff(run_of(terminal.vault, given))
    show_plans(terminal, "diff", planned, problems, form)
    complain(terminal, problems)
    if any(problem.stops for problem in problems):
        return FAILURE
    return CHANGES if exit_code and any(item.plan.changing for item in planned) else 0


@click.command()
@where
@selection
@form_option
@click.option("--dry-run", is_flag=True, help="Plan and show, change nothing.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), help="Only what this JSON plan has.")
@click.option("--plan-hash", help="Only if the plan has this hash.")
@click.pass_obj
def apply(
    terminal: Terminal, /, form: str, dry_run: bool, plan_file: Path | None, plan_hash: str | None, **given: Any
) -> int:
    """Make AWS what the configs say, and read back that it is."""
    from esprestack import jobs
    from esprestack.plan.binding import require_hash, require_part
    from esprestack.reports.as_json import from_json, report, reviewed_marks, to_json
    from esprestack.reports.markdown import SUMMARY_BYTES, outcome_markdown
    from esprestack.reports.text import outcome_text, step_text

    run = run_of(terminal.vault, given)
    planned, problems = jobs.diff(run)
    plans = [item.plan for item in planned]
    if plan_hash:
        require_hash(plans, plan_hash)
    if plan_file:
        reviewed = reviewed_marks(from_json(read(plan_file, "plan"), str(plan_file)))
        require_part(plans, reviewed, terminal.vault.mask)
    if form == "text" or dry_run:
        show_plans(terminal, "apply", planned, problems, form)
    if dry_run:
        complain(terminal, problems)
        return FAILURE if any(problem.stops for problem in problems) else 0
    terminal.stop_between_rules()
    outcomes = jobs.apply_plans(
        run, planned, problems, terminal.stop, lambda step: terminal.say(step_text(step, terminal.colour))
    )
    match form:
        case "markdown":
            terminal.result(outcome_markdown(outcomes, SUMMARY_BYTES, "esprestack apply"))
        case "json":
            terminal.result_json(to_json(report("apply", plans, (), outcomes), terminal.vault.mask))
        case _:
            terminal.result(outcome_text(outcomes))
    failed = [problem for outcome in outcomes for problem in outcome.problems]
    complain(terminal, failed)
    if terminal.signal:
        return 128 + terminal.signal
    return FAILURE if failed else 0


@click.command()
@where
@form_option
@click.pass_obj
def drift(terminal: Terminal, /, form: str, **given: Any) -> int:
    """Compare AWS with the configs; exit with 2 where they differ."""
    from esprestack import jobs

    planned = jobs.drift(run_of(terminal.vault, given))
    show_plans(terminal, "drift", planned, (), form)
    return CHANGES if jobs.is_drift(planned) else 0
