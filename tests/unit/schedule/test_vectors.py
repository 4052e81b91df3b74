"""AWS's schedule language against what is known of it: recorded answers, documented examples, users' reports.

`tests/vectors/cron.json`: `next` are the first runs strictly after `now`, in UTC; [] means never again. What nobody
could settle is marked `unverified`: it is read, with a warning.
"""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from esprestack.schedule import Dialect, ScheduleError, explain, parse

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "cron.json").read_text())
EXPLANATIONS = Path(__file__).parents[2] / "vectors" / "explanations.txt"


def the_id(vector: dict[str, Any]) -> str:
    return f"{vector['service']} {vector['expr']} {vector.get('timezone', '')}"


def of(*confidences: str) -> list[dict[str, Any]]:
    return [vector for vector in VECTORS if vector["confidence"] in confidences]


@pytest.mark.parametrize("vector", of("documented", "recorded", "reported"), ids=the_id)
def test_what_is_settled_is_accepted_or_refused(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert parse(vector["expr"], Dialect(vector["service"])).warnings == ()
    else:
        with pytest.raises(ScheduleError):
            parse(vector["expr"], Dialect(vector["service"]))


@pytest.mark.parametrize("vector", of("unverified"), ids=the_id)
def test_what_nobody_could_settle_is_read_with_a_warning(vector: dict[str, Any]) -> None:
    assert "isn't documented by AWS: it may be refused" in parse(vector["expr"], Dialect(vector["service"])).warnings[0]


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector.get("now")], ids=the_id)
def test_the_next_runs_are_right(vector: dict[str, Any]) -> None:
    schedule = parse(vector["expr"], Dialect(vector["service"]))
    zone = ZoneInfo(vector["timezone"]) if vector.get("timezone") else UTC
    runs = islice(schedule.runs(datetime.fromisoformat(vector["now"]), zone), max(len(vector["next"]), 1))
    assert [f"{run:%Y-%m-%dT%H:%M:%SZ}" for run in runs] == vector["next"]


def test_every_expression_is_explained() -> None:
    """A golden file that people have read: one line for each expression that can be read."""
    lines = []
    for vector in VECTORS:
        try:
            schedule = parse(vector["expr"], Dialect(vector["service"]))
        except ScheduleError:
            continue
        lines.append(f"{vector['expr']}  {explain(schedule, vector.get('timezone', 'UTC'))}\n")
    assert "".join(lines) == EXPLANATIONS.read_text()
