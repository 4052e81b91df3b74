"""The terminal front end: options in, a job, text out. stdout is the result, stderr is talk."""

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack import __version__
from esprestack.errors import EsprestackError, InputError, Problem

if TYPE_CHECKING:
    from esprestack.run import Planned, Run, Settings

FORMATS = click.Choice(["text", "markdown", "json"])
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
        for problem in error.problems:
            terminal.say(f"error: {problem}")
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


class Terminal:
    """Where results and talk go; both through the vault's mask."""

    def __init__(self, vault: Any) -> None:
        self.vault = vault
        self.verbose = False
        self.colour = False
        self.stop = threading.Event()
        self.signal = 0
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            click.echo(self.vault.mask(text), err=True, color=self.colour)

    def result(self, text: str) -> None:
        click.echo(self.vault.mask(text), nl=False, color=self.colour)

    def result_json(self, text: str) -> None:
        """JSON, whose texts were masked one by one."""
        click.echo(text, nl=False)

    def stop_between_rules(self) -> None:
        """SIGINT and SIGTERM end an apply after the rule in hand; a second one ends it at once."""

        def stopped(number: int, _: object) -> None:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.signal = number
            self.stop.set()
            self.say("stopping after the rules in hand ...")

        signal.signal(signal.SIGINT, stopped)
        signal.signal(signal.SIGTERM, stopped)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorated(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


_where = _options(
    click.option("-c", "--config", "configs", multiple=True, metavar="FILE", help="Config file or glob; may repeat."),
    click.option("--envfile", multiple=True, type=click.Path(path_type=Path), help="dotenv file with variables."),
    click.option("--region", help="Region for configs that name none."),
    click.option("--parallel", type=click.IntRange(1, 64), default=10, show_default=True, help="Calls side by side."),
    click.option("--secret-name", "secret_names", multiple=True, metavar="PATTERN", help="Hide values of such names."),
    click.option("--account", "accounts", multiple=True, metavar="ID", help="Refuse to work in any other account."),
)
_selection = _options(
    click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only this rule; may repeat."),
    click.option("--prune", is_flag=True, help="Delete rules of ours that are in no config any more."),
    click.option("--max-deletes", type=click.IntRange(0), help="Refuse to delete more. Default: half, at least 3."),
    click.option("--take-over", is_flag=True, help="Also rules that another tracking id marks."),
)
_format = click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="Form of the result.")


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
@_where
@_selection
@_format
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there are changes.")
@click.pass_obj
def diff(terminal: Terminal, /, form: str, exit_code: bool, **given: Any) -> int:
    """Show what an apply would change. Writes nothing."""
    from esprestack import jobs

    planned, problems = jobs.diff(_run(terminal, given))
    _show_plans(terminal, "diff", planned, problems, form)
    _complain(terminal, problems)
    if problems:
        return FAILURE
    return CHANGES if exit_code and any(item.plan.changing for item in planned) else 0


@main.command()
@_where
@_selection
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

    run = _run(terminal, given)
    planned, problems = jobs.diff(run)
    plans = [item.plan for item in planned]
    if plan_hash:
        require_hash(plans, plan_hash)
    if plan_file:
        reviewed = reviewed_marks(from_json(_read(plan_file), str(plan_file)))
        require_part(plans, reviewed, terminal.vault.mask)
    if form == "text" or dry_run:
        _show_plans(terminal, "apply", planned, problems, form)
    if dry_run:
        _complain(terminal, problems)
        return FAILURE if problems else 0
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
    _complain(terminal, failed)
    if terminal.signal:
        return 128 + terminal.signal
    return FAILURE if failed else 0


@main.command()
@_where
@_format
@click.pass_obj
def drift(terminal: Terminal, /, form: str, **given: Any) -> int:
    """Compare AWS with the configs; exit with 2 where they differ."""
    from esprestack import jobs

    planned = jobs.drift(_run(terminal, given))
    _show_plans(terminal, "drift", planned, (), form)
    return CHANGES if jobs.is_drift(planned) else 0


@main.command()
@click.option("--cluster", required=True, help="Name or ARN of the cluster.")
@click.option("--region", help="Default: AWS_REGION.")
@click.option("--tracking-id", default="", help="Only the rules that it marks.")
@click.option("--parallel", type=click.IntRange(1, 64), default=10, show_default=True, help="Calls side by side.")
@click.pass_obj
def dump(terminal: Terminal, /, cluster: str, tracking_id: str, **given: Any) -> int:
    """Print the live rules of a cluster as a config file."""
    from esprestack import jobs
    from esprestack.reports.yaml_text import to_yaml

    words, notes = jobs.dump(_run(terminal, given), cluster, tracking_id)
    terminal.result(to_yaml(words))
    for note in notes:
        terminal.say(f"note: {note}")
    return 0


@main.command()
@_where
@click.option("--offline", is_flag=True, help="Without any call to AWS.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a config instead.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def validate(terminal: Terminal, /, offline: bool, schema: bool, form: str, **given: Any) -> int:
    """Check the configs: all problems at once, each with its place."""
    from esprestack import jobs
    from esprestack.reports.as_json import report, to_json

    if schema:
        from esprestack.config.schema import config_schema

        terminal.result_json(json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n")
        return 0
    try:
        problems = jobs.validate(_run(terminal, given), offline=offline)
    except EsprestackError as error:
        problems = list(error.problems)
    if form == "json":
        terminal.result_json(to_json(report("validate", [], problems), terminal.vault.mask))
    elif not problems:
        terminal.result("The configs are fine\n")
    _complain(terminal, problems)
    return FAILURE if problems else 0


@main.command()
@_where
@click.pass_obj
def render(terminal: Terminal, /, **given: Any) -> int:
    """Print the configs after templating, with secrets masked."""
    from esprestack import jobs

    for path, text in jobs.render(_run(terminal, given)):
        terminal.say(f"# {path}")
        terminal.result(text)
    return 0


@main.command()
def demo() -> int:
    """Play the main job against an embedded AWS: diff, comment, apply, drift."""
    from esprestack.demo import play

    return play(run)


def _run(terminal: Terminal, given: dict[str, Any]) -> "Run":
    from esprestack.run import Run

    return Run(_settings(given), terminal.vault)


def _settings(given: dict[str, Any]) -> "Settings":
    from esprestack.given import dotenv, mapping
    from esprestack.plan.make import PlanOptions
    from esprestack.run import Settings

    if given.get("rules") and given.get("prune"):
        raise InputError(Problem("--rule and --prune don't go together", todo="prune with all rules selected"))
    environ = dict(os.environ)
    for path in given.get("envfile") or ():
        environ = {**dotenv(path), **environ}
    return Settings(
        folder=Path.cwd(),
        configs=tuple(given.get("configs") or ()),
        environ=environ,
        secrets=mapping(environ.get("ESPRESTACK_SECRETS", ""), "ESPRESTACK_SECRETS"),
        variables=mapping(environ.get("ESPRESTACK_VARS", ""), "ESPRESTACK_VARS"),
        secret_names=tuple(given.get("secret_names") or ()),
        options=PlanOptions(
            rules=tuple(given.get("rules") or ()),
            prune=bool(given.get("prune")),
            take_over=bool(given.get("take_over")),
            max_deletes=given.get("max_deletes"),
        ),
        region=given.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        allowed_accounts=tuple(given.get("accounts") or ()),
        parallel=given.get("parallel") or 10,
    )


def _show_plans(
    terminal: Terminal, command: str, planned: Sequence["Planned"], problems: Sequence[Problem], form: str
) -> None:
    plans = [item.plan for item in planned]
    match form:
        case "markdown":
            from esprestack.reports.markdown import SUMMARY_BYTES, plan_markdown

            terminal.result(plan_markdown(plans, problems, SUMMARY_BYTES, f"esprestack {command}"))
        case "json":
            from esprestack.reports.as_json import report, to_json

            terminal.result_json(to_json(report(command, plans, problems), terminal.vault.mask))
        case _:
            from esprestack.reports.text import plan_text

            terminal.result(plan_text(plans, terminal.colour))


def _complain(terminal: Terminal, problems: Sequence[Problem]) -> None:
    for problem in problems:
        terminal.say(f"error: {problem}")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the plan {path} can't be read: {error}")) from None
