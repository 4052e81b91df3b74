"""A diff of 10,000 schedules in one group, as a whole process, on a server with EventBridge Scheduler's quotas."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.configs import config
from bench.processes import PROGRAM, environment
from bench.schedules_server import SchedulesServer

SCHEDULES = 10_000
QUOTA = 1000.0
"""GetSchedule a second in the large regions: https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html"""
SLOWER = 1.3
MEBIBYTES_LIMIT = 400.0


def main() -> int:
    """How many limits were passed."""
    with SchedulesServer(SCHEDULES, QUOTA) as server, tempfile.TemporaryDirectory() as folder:
        Path(folder, "ecschedule.yaml").write_text(f"backend: scheduler\n{config(SCHEDULES)}")
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, str(PROGRAM), "diff", "--exit-code"],
            cwd=folder,
            env=environment(server.url),
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"esprestack diff ended with {done.returncode}:\n{done.stderr[-2000:]}")
        mebibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        got, refused, others = server.counts()
    least = (got - refused) / QUOTA
    print(
        f"diff of {SCHEDULES} schedules at {QUOTA:.0f} GetSchedule a second: {seconds:.1f} s, "
        f"{seconds / least:.2f} times calls / quota (limit {SLOWER}), {mebibytes:.0f} MiB (limit {MEBIBYTES_LIMIT:.0f})"
    )
    print(f"  {refused} of {got} GetSchedule refused, {others} other calls")
    return int(seconds > SLOWER * least) + int(mebibytes > MEBIBYTES_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
