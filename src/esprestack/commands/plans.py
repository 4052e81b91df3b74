"""diff, apply and drift: a plan, shown and carried out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.carry_out import Reporting, carry_out
from esprestack.errors import InputError, Problem
from esprestack.options import form as form_option
from esprestack.options import read, run_of, selection, where, write
from esprestack.terminal import CHANGES, FAILURE, Terminal, complain, show_plans

if TYPE_CHECKING:
    from esprestack.plan.model import Plan
    from esprestack.run import Run


@click.command()
@where
@selection
@form_option
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there are changes.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the plan to this file, for apply --plan.")
@click.pass_obj
def diff(terminal: Terminal, /, form: str, exit_code: bool, out: Path | None, **given: Any) -> int:
    """Show what an apply would change. Writes nothing to AWS."""
    from esprestack import jobs

    planned, problems = jobs.diff(run_of(terminal.vault, given))
    show_plans(terminal, "diff", planned, problems, form)
    if out:
        from esprestack.reports.as_json import report, to_json

        write(out, to_json(report("diff", [item.plan for item in planned], problems), terminal.vault.mask))
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
@click.option("--restore", "restored", type=click.Path(path_type=Path), help="Put back what this report says was.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), help="Where the JSON report is written.")
@click.pass_obj
def apply(
    terminal: Terminal,
    /,
    form: str,
    dry_run: bool,
    plan_file: Path | None,
    plan_hash: str | None,
    restored: Path | None,
    report_file: Path | None,
    **given: Any,
) -> int:
    """Make AWS what the configs say, and read back that it is.

    What was before and what is after stands in a JSON report, below esprestack-out/ unless --report names a file:
    --restore puts it back.
    """
    run = run_of(terminal.vault, given)
    if restored:
        if plan_file or plan_hash or given.get("prune"):
            raise InputError(Problem("--restore goes with no --plan, --plan-hash or --prune"))
        from esprestack.restore import restore

        planned = restore(run, read(restored, "report"), str(restored))
        problems = [problem for item in planned for problem in item.plan.refusals]
    else:
        from esprestack import jobs

        planned, problems = jobs.diff_rules(run)
        _say_what_stays(terminal, run)
        _require(terminal, [item.plan for item in planned], plan_file, plan_hash)
    if form == "text" or dry_run:
        show_plans(terminal, "apply", planned, problems, form)
    if dry_run:
        complain(terminal, problems)
        return FAILURE if any(problem.stops for problem in problems) else 0
    return carry_out(terminal, run, planned, problems, form, Reporting("restore" if restored else "apply", report_file))


def _say_what_stays(terminal: Terminal, run: "Run") -> None:
    """Services that are among the configs, and that an apply of rules leaves alone."""
    from esprestack.config.kind import Kind

    for path in run.paths[Kind.SERVICE]:
        terminal.say(f"note: {path.name} describes a service, which `apply` leaves alone")


def _require(terminal: Terminal, plans: "list[Plan]", plan_file: Path | None, plan_hash: str | None) -> None:
    """Raises PlanChangedError unless the plans are those that were reviewed."""
    from esprestack.plan.binding import require_hash, require_part
    from esprestack.reports.as_json import from_json, reviewed_in

    if plan_hash:
        require_hash(plans, plan_hash)
    if plan_file:
        require_part(plans, reviewed_in(from_json(read(plan_file, "plan"), str(plan_file)), terminal.vault.mask))


@click.command()
@where
@form_option
@click.option(
    "--drift-ignore", multiple=True, metavar="[RULE:]FIELD", help="A field that others may change, `*` for any."
)
@click.pass_obj
def drift(terminal: Terminal, /, form: str, drift_ignore: tuple[str, ...], **given: Any) -> int:
    """Compare AWS with the configs; exit with 2 where they differ."""
    from esprestack import jobs
    from esprestack.plan.ignored import ignored

    planned = jobs.drift(run_of(terminal.vault, given), ignored(drift_ignore))
    show_plans(terminal, "drift", planned, (), form)
    return CHANGES if jobs.is_drift(planned) else 0
