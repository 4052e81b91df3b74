"""Processes of the program that start at once: a process that has imported all of it forks for each.

`python -m tests.support.zygote` reads a line of JSON for each run, writes the run's process id, and then its exit code.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self


class Zygote:
    """`with Zygote() as zygote:` starts runs until the block ends, one at a time."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def start(self, arguments: Sequence[str]) -> int:
        """Begins `esprestack ARGUMENTS` in this process's folder and environment; the new process's id."""
        assert self._process.stdin
        line = json.dumps({"arguments": list(arguments), "environ": dict(os.environ), "folder": str(Path.cwd())})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._number()

    def end(self) -> int:
        """Waits for the run's end; its exit code, or the negative of the signal that ended it."""
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


def _serve() -> None:
    import botocore.session

    import esprestack.commands.migrate
    import esprestack.config.model
    import esprestack.jobs
    import esprestack.migrate
    import esprestack.rewriting
    from esprestack.cli import run

    del botocore, esprestack
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            os.environ.clear()
            os.environ.update(asked["environ"])
            os.chdir(asked["folder"])
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            os._exit(run(asked["arguments"]))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
