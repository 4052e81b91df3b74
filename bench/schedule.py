"""Microseconds to parse a schedule and to find its next run, on average over the vectors."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from esprestack.schedule import Cron, Dialect, parse

ROOT = Path(__file__).parents[1]
PARSE_LIMIT = 30.0
NEXT_LIMIT = 20.0
ROUNDS = 20


def main() -> int:
    """0 if both are within their limits."""
    vectors = [vector for vector in json.loads((ROOT / "tests/vectors/cron.json").read_text()) if vector["valid"]]
    expressions = [(vector["expr"], Dialect(vector["service"])) for vector in vectors]
    parsed = [(parse(*pair), vector) for pair, vector in zip(expressions, vectors, strict=True) if "now" in vector]
    crons = [
        (schedule, datetime.fromisoformat(vector["now"]), ZoneInfo(vector["timezone"]) if "timezone" in vector else UTC)
        for schedule, vector in parsed
        if isinstance(schedule, Cron)
    ]
    parsing = median(lambda: [parse.__wrapped__(*pair) for pair in expressions]) / len(expressions)
    running = median(lambda: [cron.next_after(now, zone) for cron, now, zone in crons]) / len(crons)
    print(f"parse a schedule: {parsing:.1f} µs (limit {PARSE_LIMIT:.0f})")
    print(f"its next run: {running:.1f} µs (limit {NEXT_LIMIT:.0f})")
    return int(parsing > PARSE_LIMIT or running > NEXT_LIMIT)


def median(work: Callable[[], object]) -> float:
    """Microseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


if __name__ == "__main__":
    sys.exit(main())
