"""GitHub's runner: inputs in; outputs, masks, groups, annotations, log and summary out, through actions_toolkit.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from actions_toolkit import core

from esprestack.errors import InputError, Problem
from esprestack.secrets import SHORTEST_SEARCHED

MOST_ANNOTATIONS = 9
"""The runner keeps ten of a kind for each step; the tenth says how many more there are."""

LONGEST_ANNOTATION = 4_000
"""Characters; the runner cuts at 4,096."""

MOST_SUMMARY_BYTES = 1_000_000
"""Of 1,048,576; a summary over that is dropped as a whole."""


def text_input(name: str) -> str:
    """The input `name` (dashes; underscores are taken too), empty where it isn't given."""
    return str(core.get_input(name) or core.get_input(name.replace("-", "_")))


def flag_input(name: str, *, default: bool = False) -> bool:
    """A boolean of YAML's core schema; `default` where it isn't given. Raises InputError for anything else."""
    given = text_input(name)
    if not given:
        return default
    try:
        return bool(core.get_boolean_input(name if core.get_input(name) else name.replace("-", "_")))
    except TypeError:
        what = f"the input `{name}` is `{given}`, which is neither true nor false"
        raise InputError(Problem(what, todo=f"write `{name}: true` or `{name}: false`")) from None


class Log:
    """The step's log, annotations and outputs; all of it goes through `mask`."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask

    def hide(self, secrets: Iterator[str]) -> None:
        """Registers secrets with the runner, which masks them in everything it shows."""
        for secret in secrets:
            for text in {secret, *(line.strip() for line in secret.splitlines())}:
                if len(text) >= SHORTEST_SEARCHED:
                    core.set_secret(text)

    def print(self, text: str) -> None:
        """Text of which any line may come from outside: no workflow command in it is obeyed."""
        token = uuid.uuid4().hex
        core.info(f"::stop-commands::{token}")
        core.info(self._mask(text).rstrip("\n"))
        core.info(f"::{token}::")

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        core.start_group(title)
        try:
            yield
        finally:
            core.end_group()

    def errors(self, problems: Sequence[Problem]) -> None:
        """Annotations, each at its line of the config where it has one; what stops nothing is a warning."""
        for stops, annotate in ((True, core.error), (False, core.warning)):
            self._annotate([problem for problem in problems if problem.stops is stops], annotate)

    def _annotate(self, problems: Sequence[Problem], annotate: Callable[..., None]) -> None:
        shown = problems[:MOST_ANNOTATIONS]
        for problem in shown:
            said = self._mask(f"{problem.what}{f' ({problem.todo})' if problem.todo else ''}")[:LONGEST_ANNOTATION]
            where = problem.where
            if where is None:
                annotate(said)
                continue
            line, column = max(where.line, 1), max(where.column, 1)
            annotate(
                said,
                title="esprestack",
                file=where.file,
                start_line=line,
                end_line=line,
                start_column=column,
                end_column=column,
            )
        if len(problems) > len(shown):
            annotate(f"and {len(problems) - len(shown)} more: see the log and the summary")

    def notice(self, text: str) -> None:
        core.notice(self._mask(text)[:LONGEST_ANNOTATION])

    def warning(self, text: str) -> None:
        core.warning(self._mask(text)[:LONGEST_ANNOTATION])

    def outputs(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            core.set_output(name, self._mask(value))

    def summary(self, markdown: str) -> None:
        """Adds to the job's summary what fits; a runner without summaries shows it in the log."""
        text = self._mask(markdown)
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if not path:
            self.print(text)
            return
        used = Path(path).stat().st_size if Path(path).exists() else 0
        encoded = (text.rstrip("\n") + "\n\n").encode(errors="replace")
        if used + len(encoded) > MOST_SUMMARY_BYTES:
            encoded = b"**esprestack**: the summary is full; see the log and the report file.\n\n"
        with Path(path).open("ab") as file:
            file.write(encoded)
        sys.stdout.flush()
