"""next: when the rules of configs run, as a table or as a picture of a week; or a single schedule expression."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack.errors import InputError, Problem
from esprestack.options import run_of, text_or_json, where, write
from esprestack.terminal import Terminal

if TYPE_CHECKING:
    from esprestack.reports.timetable import Timetable
    from esprestack.reports.week import Week


@click.command("next")
@where
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only this rule; may repeat.")
@click.option("--expression", help="Instead of configs: cron(…), rate(…) or at(…).")
@click.option(
    "--backend", type=click.Choice(["rules", "scheduler"]),
    help="Of --expression: EventBridge rules or EventBridge Scheduler, whose languages differ. Default: rules.",
)  # fmt: skip
@click.option(
    "--timezone", default="UTC", show_default=True,
    help="IANA name of the zone to show runs in; with --expression it is the schedule's own (rules know UTC only).",
)  # fmt: skip
@click.option("--from", "start", help="ISO time to count from. Default: now.")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs to show, of each rule."
)  # fmt: skip
@text_or_json
@click.option("--svg", metavar="FILE", help="Draw the week as a still picture into this file; -: print it.")
@click.option("--html", metavar="FILE", help="Draw the week as a page of its own into this file; -: print it.")
@click.pass_obj
def next_runs(terminal: Terminal, /, **given: Any) -> int:
    """When the configs' rules run, from --from on: in words, and their next runs in your time zone and in UTC.

    Asks nobody: a schedule that hangs on a look-up is named, and its runs aren't known. The picture is of a week, with
    load, collisions and changed clocks (docs/time.md).
    """
    if given["expression"] is not None:
        return _of_expression(terminal, given)
    if given["backend"]:
        raise InputError(Problem("--backend goes with --expression", todo="a config says itself where its rules live"))
    if given["svg"] == given["html"] == "-":
        raise InputError(Problem("--svg - and --html - don't go together", todo="name a file for one of them"))
    from esprestack.coming import coming_rules
    from esprestack.reports.runs import moment
    from esprestack.schedule.clocks import zone

    now, name = moment(given["start"]), given["timezone"]
    seen_in = zone(name)
    entries, problems = coming_rules(run_of(terminal.vault, given | {"offline": True, "now": now}))
    if given["svg"] or given["html"]:
        from esprestack.reports.week import week_of

        _draw(terminal, week_of(entries, now, seen_in, name), given["svg"], given["html"])
    else:
        from esprestack.reports.timetable import Timetable

        _list(terminal, Timetable(entries, now, seen_in, name, given["count"]), given["form"])
    for problem in problems:
        terminal.say(f"warning: {problem.where}: {problem.what}: what hangs on it isn't known here")
    return 0


def _list(terminal: Terminal, table: "Timetable", form: str) -> None:
    from esprestack.reports.timetable import timetable_json, timetable_text

    if form == "json":
        terminal.result_json(timetable_json(table))
    else:
        terminal.result(timetable_text(table))


def _draw(terminal: Terminal, week: "Week", svg: str | None, html: str | None) -> None:
    if svg:
        from esprestack.reports.week_svg import week_svg

        _put(terminal, svg, week_svg(week))
    if html:
        from esprestack.reports.week_html import week_html

        _put(terminal, html, week_html(week))


def _put(terminal: Terminal, where: str, picture: str) -> None:
    """Its texts were masked one by one: a mask over the whole could break it."""
    if where == "-":
        terminal.result_json(picture)
    else:
        write(Path(where), picture)
        terminal.say(f"written: {where}")


def _of_expression(terminal: Terminal, given: dict[str, Any]) -> int:
    wrong = [f"--{option.rstrip('s')}" for option in ("configs", "rules", "svg", "html") if given[option]]
    if wrong:
        raise InputError(Problem(f"--expression goes without {' and '.join(wrong)}", todo="it is of no config"))
    from esprestack.reports.runs import coming, runs_json, runs_text

    backend = given["backend"] or "rules"
    found = coming(given["expression"], backend, given["timezone"], given["start"], given["count"])
    terminal.result(runs_json(found) if given["form"] == "json" else runs_text(found))
    for warning in found.warnings:
        terminal.say(f"warning: {warning}")
    return 0
