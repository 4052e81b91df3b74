"""The terminal front end: options in, a job, text out. stdout is the result, stderr is talk."""

import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from esprestack import __version__
from esprestack.errors import EsprestackError, InputError, Problem
from esprestack.options import form as _format
from esprestack.options import run_of, selection, where
from esprestack.terminal import Terminal, complain, show_plans

FAILURE, CHANGES = 1, 2


def run(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code: 0 done or no changes, 1 an error, 2 changes (with --exit-code) or drift."""
    from esprestack.secrets import Vault

    terminal = Terminal(Vault())
    try:
        return int(main.main(list(arguments), prog_name="esprestack", standalone_mode=False, obj=terminal) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return FAILURE
    except (click.Abort, KeyboardInterrupt):
        terminal.say("stopped")
        return 130
    except EsprestackError as error:
        complain(terminal, error.problems)
        if terminal.verbose:
            terminal.say(traceback.format_exc())
        return FAILURE
    except BrokenPipeError:
        sys.stderr.close()
        return FAILURE
    except Exception as error:  # noqa: BLE001 - the front end's last line: no traceback without -v
        terminal.say(f"error: esprestack failed: {type(error).__name__}: {error} (this is a bug; -v shows more)")
        if terminal.verbose:
            terminal.say(traceback.format_exc())
        return FAILURE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="esprestack %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks of errors.")
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR; ECSCHEDULE_COLOR=always|never).")
@click.pass_obj
def main(terminal: Terminal, /, verbose: bool, no_color: bool) -> None:
    """Scheduled ECS tasks from Git: see what a config changes in AWS, apply it, find drift."""
    terminal.verbose = verbose
    terminal.colour = _wants_colour(no_color)


def _wants_colour(no_color: bool) -> bool:
    wish = os.environ.get("ECSCHEDULE_COLOR", "").lower()
    if no_color or os.environ.get("NO_COLOR") or wish in ("never", "false", "0"):
        return False
    return wish in ("always", "true", "1") or sys.stdout.isatty()


@main.command()
@where
@selection
@_format
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


@main.command()
@where
@selection
@_format
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
        reviewed = reviewed_marks(from_json(_read(plan_file, "plan"), str(plan_file)))
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


@main.command()
@where
@_format
@click.pass_obj
def drift(terminal: Terminal, /, form: str, **given: Any) -> int:
    """Compare AWS with the configs; exit with 2 where they differ."""
    from esprestack import jobs

    planned = jobs.drift(run_of(terminal.vault, given))
    show_plans(terminal, "drift", planned, (), form)
    return CHANGES if jobs.is_drift(planned) else 0


@main.command()
@click.option("--cluster", help="Name or ARN of the cluster.")
@click.option("--region", help="Default: AWS_REGION.")
@click.option("--tracking-id", default="", help="Only the rules that it marks.")
@click.option("--merge", "merge_file", metavar="FILE", help="Print this config, made what AWS has; comments stay.")
@click.option("--remove-missing", is_flag=True, help="With --merge: also remove rules that AWS doesn't have.")
@click.option("--write", is_flag=True, help="With --merge: write the file instead of printing it.")
@click.option("--envfile", multiple=True, type=click.Path(path_type=Path), help="dotenv file with variables.")
@click.option("--parallel", type=click.IntRange(1, 64), default=10, show_default=True, help="Calls side by side.")
@click.pass_obj
def dump(
    terminal: Terminal,
    /,
    cluster: str | None,
    tracking_id: str,
    merge_file: str | None,
    remove_missing: bool,
    write: bool,
    **given: Any,
) -> int:
    """Print the live rules of a cluster as a config file, or bring a config up to date with them."""
    from esprestack import jobs

    if merge_file is None:
        if not cluster:
            raise InputError(Problem("--cluster is missing", todo="or name a config with --merge FILE"))
        from esprestack.reports.yaml_text import config_text

        words, notes = jobs.dump(run_of(terminal.vault, given), cluster, tracking_id)
        terminal.result(config_text(words))
    else:
        path = Path(merge_file)
        text, notes = jobs.dump_into(
            run_of(terminal.vault, given | {"configs": (merge_file,)}),
            _read(path, "config"),
            remove_missing=remove_missing,
        )
        if write:
            path.write_bytes(terminal.vault.mask(text).encode())
        else:
            terminal.result(text)
    for note in notes:
        terminal.say(f"note: {note}")
    return 0


@main.command()
@where
@click.option("--offline", is_flag=True, help="Without any call to AWS, not even for look-ups.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a config instead.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True,
    help="Form of the result.",
)  # fmt: skip
@click.pass_obj
def validate(terminal: Terminal, /, offline: bool, schema: bool, form: str, **given: Any) -> int:
    """Check the configs: all findings at once, each with its place and what to do."""
    from esprestack import jobs

    if schema:
        from esprestack.config.schema import config_schema

        terminal.result_json(json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n")
        return 0
    try:
        problems = jobs.validate(run_of(terminal.vault, given | {"offline": offline}), offline=offline)
    except EsprestackError as error:
        problems = list(error.problems)
    stopping = sum(problem.stops for problem in problems)
    match form:
        case "json":
            from esprestack.reports.as_json import report, to_json

            terminal.result_json(to_json(report("validate", [], problems), terminal.vault.mask))
        case "sarif":
            from esprestack.checks.codes import CODES
            from esprestack.reports.sarif import sarif

            described = {code: sentence for code, (_, sentence) in CODES.items()}
            terminal.result_json(sarif(problems, described, terminal.vault.mask))
        case _ if not problems:
            terminal.result("The configs are fine\n")
        case _:
            warnings = len(problems) - stopping
            terminal.result(f"{stopping} to mend, {warnings} warning{'' if warnings == 1 else 's'}\n")
    complain(terminal, problems)
    return FAILURE if stopping else 0


@main.command("next")
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


@main.command()
@where
@click.pass_obj
def render(terminal: Terminal, /, **given: Any) -> int:
    """Print the configs after templating, with secrets masked."""
    from esprestack import jobs

    for path, text in jobs.render(run_of(terminal.vault, given)):
        terminal.say(f"# {path}")
        terminal.result(text if text.endswith("\n") else f"{text}\n")
    return 0


@main.command()
def demo() -> int:
    """Play the main job against an embedded AWS: diff, comment, apply, drift."""
    from esprestack.demo import play

    return play(run)


def _read(path: Path, kind: str) -> str:
    """The text as it is, with its line endings."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the {kind} {path} can't be read: {error}")) from None
