"""`esprestack demo`: the main job from end to end, against an embedded AWS on loopback.

Nothing of it is a mock-up: the commands are the program's own, and the AWS is moto's server in a thread. Credentials
are made up and every call goes to 127.0.0.1.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO, TextIOBase
from pathlib import Path
from typing import Any, TypeAlias

from esprestack.errors import InputError, Problem

_CONFIG = Path("examples/demo/ecschedule.yaml")
_FAMILIES = ("inventory", "orders", "reports", "invoices", "search", "feeds", "maintenance")
_SECRETS = '{"REPORT_DB_PASSWORD": "correct-horse-battery", "MARKETPLACE_TOKEN": "mkt-5e1f0d7c"}'


Command: TypeAlias = Callable[[Sequence[str]], int]
"""The program's command line: arguments in, exit code out."""


def play(esprestack: Command) -> int:
    """Tells the story on stdout; 0 if every chapter ended as it should. Raises InputError without moto."""
    config = _example()
    with _embedded_aws() as endpoint, _environment(endpoint):
        return _Story(config, esprestack).tell()


def _example() -> Path:
    """The example config: in a checkout, or as it is packed into the wheel."""
    package = Path(__file__).parent
    found = [path for root in (package.parents[1], package) if (path := root / _CONFIG).is_file()]
    if not found:
        raise InputError(Problem("the demo's example isn't here", todo="reinstall esprestack"))
    return found[0]


@contextmanager
def _embedded_aws() -> Iterator[str]:
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        todo = "install it with: pip install 'esprestack[demo]'"
        raise InputError(Problem("the demo needs moto, the embedded AWS", todo=todo)) from None
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log of requests is no part of the story
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def _environment(endpoint: str) -> Iterator[None]:
    """An environment that can reach nothing but the embedded AWS."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "GITHUB_", "ESPRESTACK_"))]:
        del os.environ[name]
    os.environ |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ESPRESTACK_SECRETS": _SECRETS,
        "NO_PROXY": "127.0.0.1",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


class _Story:
    def __init__(self, config: Path, command: Command) -> None:
        self.command = command
        self.config = os.path.relpath(config)
        self.failed = 0

    def tell(self) -> int:
        self.chapter("An AWS account that has been in use for a while")
        self.live_state()
        self.chapter("A pull request: what would a merge change?")
        self.esprestack("diff", "--prune", "--exit-code", expected=2)
        self.chapter("The same as Markdown: the comment on the pull request")
        self.esprestack("diff", "--prune", "--format", "markdown")
        self.chapter("Merged: the plan is applied, and read back")
        self.esprestack("apply", "--prune", "--format", "json", quietly=True)
        self.chapter("Again: nothing is left to do")
        self.esprestack("diff", "--prune", "--exit-code")
        self.chapter("A week later somebody edits a rule in the console. The scheduled run finds it")
        self.events.disable_rule(Name="nightly-report")
        self.esprestack("drift", expected=2)
        self.chapter("That was the main job")
        if self.failed:
            self.say(f"{self.failed} of the commands ended otherwise than they should: please report it.")
            return 1
        self.say("Every command ended as it should. Next: README.md has the workflow file that does this for you.")
        return 0

    def live_state(self) -> None:
        """What AWS has before the pull request: last month's config, an edit by hand and an orphan."""
        import boto3

        region = "ap-northeast-1"
        ecs = boto3.client("ecs", region_name=region)
        for family in _FAMILIES:
            ecs.register_task_definition(family=family, **_definition())
        for _ in range(12):
            ecs.register_task_definition(family="ledger", **_definition())
        self.events = boto3.client("events", region_name=region)
        self.esprestack("apply", "--format", "json", quietly=True, shown=False)
        self.remove("weekly-invoice")
        self.events.put_rule(Name="import-orders", ScheduleExpression="cron(0/30 * * * ? *)", State="ENABLED")
        tags = [{"Key": "ecschedule:tracking-id", "Value": "batch"}]
        self.events.put_rule(Name="old-newsletter", ScheduleExpression="cron(0 9 ? * MON *)", Tags=tags)
        target = self.events.list_targets_by_rule(Rule="nightly-report")["Targets"][0]
        target["Input"] = target["Input"].replace('"--format","pdf"', '"--format","csv"')
        self.events.put_targets(Rule="nightly-report", Targets=[target])
        self.events.put_targets(Rule="old-newsletter", Targets=[target | {"Id": "old-newsletter"}])
        self.say("An embedded AWS runs on 127.0.0.1 with the rules of examples/demo/ecschedule.yaml, but for this:")
        self.say("  - `weekly-invoice` isn't there yet: the pull request adds it")
        self.say("  - `import-orders` was slowed down by hand in the console")
        self.say("  - `nightly-report` runs with last month's command line")
        self.say("  - `old-newsletter` is an orphan: ours, but in no config any more")

    def remove(self, name: str) -> None:
        self.events.remove_targets(Rule=name, Ids=[name])
        self.events.delete_rule(Name=name)

    def esprestack(self, *arguments: str, expected: int = 0, quietly: bool = False, shown: bool = True) -> None:
        """Runs a command of the program as a user would; `quietly` leaves its result (not its talk) out."""
        command = [arguments[0], "--config", self.config, *arguments[1:]]
        if shown:
            self.say(f"$ esprestack {' '.join(command)}{' > report.json' if quietly else ''}\n")
        code = _run(self.command, command, quietly, shown)
        self.failed += code != expected
        if shown:
            self.say(f"\n(exit code {code})")

    def chapter(self, title: str) -> None:
        bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
        self.say(f"\n{bold}== {title}{plain}\n")

    def say(self, text: str) -> None:
        print(text, flush=True)


def _run(run: Command, command: Sequence[str], quietly: bool, shown: bool) -> int:
    with ExitStack() as stack:
        if quietly:
            stack.enter_context(redirect_stdout(StringIO()))
        stack.enter_context(redirect_stderr(sys.stdout if shown and not quietly else _Talk(shown)))
        return run(command)


class _Talk(TextIOBase):
    """stderr of a command whose result is left out: shown on the real stdout, or not at all."""

    def __init__(self, shown: bool) -> None:
        self._stream = sys.__stdout__ if shown else None

    def write(self, text: str) -> int:
        return self._stream.write(text) if self._stream else len(text)

    def flush(self) -> None:
        if self._stream:
            self._stream.flush()


def _definition() -> dict[str, Any]:
    return {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": [{"name": "app", "image": "shop/app:1"}],
    }
