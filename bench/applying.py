"""diff and apply of 300 rules, whole processes at 30 ms a call: as fast as AWS answers, and with its quota."""

import math
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.configs import config
from bench.processes import environment, run, shown
from bench.server import LATENCY, Server

RULES, NEW = 300, 200
ROUNDS = 7
DIFF_LIMIT, APPLY_LIMIT = 1.0, 3.0
MOST_CALLS = RULES + math.ceil(RULES / 100) + 3
QUOTA = 50.0
SLOWER, THROWN_AWAY = 1.2, 0.05
"""Times calls / quota that a run may take, and the part of its calls that may be refused."""

DIFF = ("diff", "--exit-code")
APPLY = ("apply", "--allow", "same-job-twice")


def main() -> int:
    """How many limits were passed."""
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        Path(folder, "ecschedule.yaml").write_text(config(RULES))
        environ = environment(server.url)

        def diff() -> float:
            return run(DIFF, folder, environ)

        def apply() -> float:
            return run(APPLY, folder, environ)

        server.has(RULES)
        server.remember()
        diff()  # fills the server's memory
        server.counts()
        seconds = [diff() for _ in range(ROUNDS)]
        calls = server.counts()[0] // ROUNDS
        said = f"diff of {RULES} rules at {LATENCY * 1000:.0f} ms a call"
        failed = told(said, seconds, DIFF_LIMIT)
        print(f"  calls of one diff: {calls} (limit {MOST_CALLS})")
        failed += calls > MOST_CALLS
        seconds = []
        for _ in range(3):
            server.has(RULES - NEW)
            seconds.append(apply())
        failed += told(f"apply of {NEW} new rules beside {RULES - NEW} unchanged ones", seconds, APPLY_LIMIT)
        print(f"  calls of one apply: {server.counts()[0]}")
        server.has(RULES, quota=QUOTA)
        failed += throttled("diff", diff, server)
        server.has(RULES - NEW, quota=QUOTA)
        return failed + throttled("apply", apply, server)


def told(what: str, seconds: list[float], limit: float) -> int:
    print(f"{what}: {shown(seconds)} (limit {limit} s)")
    return int(statistics.median(seconds) > limit)


def throttled(what: str, command: Callable[[], float], server: Server) -> int:
    server.counts()
    seconds = command()
    made, refused = server.counts()
    least = (made - refused) / QUOTA
    print(
        f"the same {what} at {QUOTA:.0f} calls a second: {seconds:.1f} s, {seconds / least:.2f} times calls / quota "
        f"(limit {SLOWER}), {refused} of {made} calls refused (limit {THROWN_AWAY:.0%})"
    )
    return int(seconds > SLOWER * least) + int(refused > THROWN_AWAY * made)
