"""next: when a schedule expression runs, and what it means."""

import click

from esprestack.terminal import Terminal


@click.command("next")
@click.option("--expression", required=True, help="cron(…), rate(…) or at(…).")
@click.option(
    "--backend", type=click.Choice(["rules", "scheduler"]), default="rules", show_default=True,
    help="EventBridge rules or EventBridge Scheduler, whose languages differ.",
)  # fmt: skip
@click.option("--timezone", default="UTC", show_default=True, help="IANA name; rules know UTC only.")
@click.option("--from", "start", help="ISO time to count from. Default: now.")
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs to show.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)
@click.pass_obj
def next_runs(
    terminal: Terminal, /, expression: str, backend: str, timezone: str, start: str | None, count: int, form: str
) -> int:
    """The coming runs of a schedule expression, and what it means."""
    from esprestack.reports.runs import coming, runs_json, runs_text

    found = coming(expression, backend, timezone, start, count)
    terminal.result(runs_json(found) if form == "json" else runs_text(found))
    for warning in found.warnings:
        terminal.say(f"warning: {warning}")
    return 0
