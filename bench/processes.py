"""The program as its user runs it: a process, timed from outside."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "esprestack"


def environment(url: str) -> dict[str, str]:
    """An environment that reaches nothing but `url`, in which Python keeps what it compiles, as pip does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_", "PYTHON"))}
    return kept | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(arguments: Sequence[str], folder: str, environ: Mapping[str, str]) -> float:
    """Seconds of a command that has to succeed."""
    started = time.perf_counter()
    done = subprocess.run(
        [str(PROGRAM), *arguments], cwd=folder, env=dict(environ), capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 2):
        raise SystemExit(f"esprestack {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


def timed(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def shown(seconds: Sequence[float]) -> str:
    return json.dumps({"median": round(statistics.median(seconds), 3), "min": round(min(seconds), 3)})
