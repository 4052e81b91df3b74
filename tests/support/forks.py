"""Processes of the action that start at once: a process that has imported what every step needs forks for each.

Started as `python -I -u -B tests/support/forks.py SOCKET`, as the container starts entrypoint.py; a connection asks for
one step with a line of JSON, and gets its exit code. It ends with its standard input.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

_PATIENCE = 120
"""Seconds that a step may take."""


class Forks:
    """`with Forks() as forks:` runs steps, also several side by side, until the block ends."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="forks-")
        self._address = str(Path(self._folder.name) / "socket")
        command = [sys.executable, "-I", "-u", "-B", __file__, self._address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout
        self._process.stdout.read(1)  # it listens
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def run(self, environ: Mapping[str, str], folder: Path) -> tuple[int, str]:
        """A step's exit code, and all that it printed."""
        with tempfile.TemporaryDirectory(dir=self._folder.name) as said:
            asked = {"environ": dict(environ), "folder": str(folder), "said": said}
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_PATIENCE)
                connection.connect(self._address)
                connection.sendall(json.dumps(asked).encode() + b"\n")
                code = int(connection.makefile().readline())
            return code, "".join((Path(said) / name).read_text() for name in ("out", "err"))


def _serve(address: str) -> None:
    """Returns in a child alone: what follows is the step."""
    from esprestack.process import begin

    begin()
    import botocore.client
    import botocore.session
    import github

    import esprestack.action
    import esprestack.config.examine
    import esprestack.config.model
    import esprestack.github.client
    import esprestack.jobs
    import esprestack.planning

    del botocore, esprestack, github
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
        print("!", end="", flush=True)
        while True:
            ready, _, _ = select.select([sys.stdin, listening], [], [])
            if sys.stdin in ready:
                os._exit(0)
            connection, _ = listening.accept()
            with connection:
                if os.fork():
                    continue
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                asked = json.loads(connection.makefile().readline())
                if child := os.fork():
                    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    connection.sendall(f"{code}\n".encode())
                    os._exit(0)
            break
    _become(asked)


def _become(asked: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["folder"])
    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(Path(asked["said"]) / name, os.O_CREAT | os.O_WRONLY)
        os.dup2(file, stream)
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


if __name__ == "__main__":
    _serve(sys.argv.pop())
    from esprestack.action import main
    from esprestack.process import end

    end(main())
