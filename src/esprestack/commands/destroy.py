"""destroy: all rules of one tracking id, for review apps that are over."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.carry_out import Reporting, carry_out
from esprestack.errors import AwsError, InputError, Problem, Severity
from esprestack.options import form as form_option
from esprestack.options import run_of
from esprestack.terminal import FAILURE, Terminal, complain, show_plans

if TYPE_CHECKING:
    from esprestack.backends.base import Backend


@click.command()
@click.option("--tracking-id", required=True, help="Whose rules go.")
@click.option("--yes-delete", default="", metavar="ID", help="The tracking id once more: only then they go.")
@click.option("--cluster", default="", help="Where their tasks run. Default: the cluster named like the tracking id.")
@click.option("--region", help="Default: AWS_REGION.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Refuse to work in any other account.")
@click.option("--max-deletes", type=click.IntRange(0), help="Refuse to delete more. Default: any number.")
@click.option("--dry-run", is_flag=True, help="Show what would go, delete nothing.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), help="Where the JSON report is written.")
@click.option("--parallel", type=click.IntRange(1, 64), default=10, show_default=True, help="Calls side by side.")
@form_option
@click.pass_obj
def destroy(
    terminal: Terminal,
    /,
    tracking_id: str,
    yes_delete: str,
    cluster: str,
    max_deletes: int | None,
    dry_run: bool,
    report_file: Path | None,
    form: str,
    **given: Any,
) -> int:
    """Delete all rules of one tracking id. No config is read.

    Targets go before rules. A rule is deleted only if its own tags say that it is tracked by this id, and if nothing of
    it is anybody else's; what is kept is named. `apply --restore` with the report puts the rules back.
    """
    from esprestack import jobs

    if not tracking_id.strip() or set(tracking_id) & set("*?"):
        todo = "name one tracking id, as its rules' tag ecschedule:tracking-id has it"
        raise InputError(Problem("the tracking id is empty or a pattern", todo=todo))
    if yes_delete and yes_delete != tracking_id:
        what = f"--yes-delete says `{yes_delete}`, --tracking-id says `{tracking_id}`"
        raise InputError(Problem(what, todo="type the same id twice"))
    run = run_of(terminal.vault, given)
    planned = [jobs.destruction(run, tracking_id, cluster or tracking_id, max_deletes)]
    (plan,) = (item.plan for item in planned)
    problems = list(plan.refusals)
    if form == "text" or dry_run or not yes_delete:
        show_plans(terminal, "destroy", planned, problems, form)
    if dry_run or (plan.changing and not yes_delete):
        complain(terminal, problems)
        if dry_run:
            return FAILURE if problems else 0
        todo = f"to delete them add: --yes-delete {tracking_id}"
        complain(terminal, [Problem("nothing was deleted", todo=todo)])
        return FAILURE
    code = carry_out(terminal, run, planned, problems, form, Reporting("destroy", report_file))
    if not code:
        _tidy(terminal, planned[0].backend)
    kept = [change for change in plan.changes if not change.changes]
    complain(terminal, [Problem(f"`{change.name}` is still there: {change.reason}") for change in kept])
    return code or (FAILURE if kept else 0)


def _tidy(terminal: Terminal, backend: "Backend") -> None:
    """What stays behind because it may not be removed costs nothing: it is said, and no failure."""
    try:
        backend.tidy()
    except AwsError as error:
        complain(terminal, [replace(problem, severity=Severity.WARNING) for problem in error.problems])
