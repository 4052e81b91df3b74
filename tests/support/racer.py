"""A job that writes its section into the comment of pull request 7: `python -m tests.support.racer LEG`.

Reads a server's address for each race from standard input, writes, and answers with a line.
"""

import os
import sys

from esprestack.github.client import Client
from esprestack.github.comment import upsert
from esprestack.github.patience import Pauses
from esprestack.reports.sections import Facts, Section
from esprestack.telling import Ours

PAUSES = Pauses(between_writes=0.0, backoff=0.01, longest=1.0, settling=0.4)
COMMIT = "c" * 40


def ours(leg: str, run: str = "1/1", text: str = "### a plan\n") -> Ours:
    """The section of the job `leg`."""
    return Ours("default", Section(Facts(leg=leg, commit=COMMIT, run=run, summary=f"of {leg}"), text))


def main() -> None:
    leg = sys.argv[1]
    print("ready", flush=True)
    for line in sys.stdin:
        os.environ["GITHUB_API_URL"], run = line.split()
        client = Client("made-up", "octo/batch", PAUSES)
        try:
            upsert(client, 7, ours(leg, run), 65_000, crowded=True)
            print("done", flush=True)
        except Exception as error:  # noqa: BLE001 - the test that reads it fails with it
            print(f"{type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()
