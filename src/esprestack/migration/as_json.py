"""A migration as JSON, for scripts (docs/migrate.md). Every text is masked on its own, so that no mask can break it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from esprestack.errors import Problem
from esprestack.migration.model import Move, Moved, MoveOptions


def migration_json(
    options: MoveOptions,
    rules: Sequence[Mapping[str, Any]],
    configs: Sequence[Mapping[str, Any]],
    mask: Callable[[str], str],
) -> str:
    """One object: what was asked for, `move_document` of each rule, and what became of each config."""
    document = {
        "to": str(options.to),
        "guardMinutes": int(options.guard.total_seconds() // 60),
        "rules": list(rules),
        "configs": list(configs),
    }
    return json.dumps(_masked(document, mask), indent=2, ensure_ascii=False) + "\n"


def move_document(config: str, move: Move, now: datetime, moved: Moved | None = None) -> dict[str, Any]:
    """One rule; `moved` is what became of it, None before anything is done. Times are in UTC, unknown ones null."""
    coming = next(move.times.runs(now), None) if move.times and move.enabled else None
    gap = moved.gap if moved and moved.gap else move.gap
    return {
        "config": config,
        "rule": move.name,
        "line": move.where.line or None,
        "stage": move.stage.name.lower().replace("_", "-"),
        "enabled": move.enabled,
        "lastRun": _iso(move.last),
        "nextRun": _iso(coming),
        "opens": _iso(gap.opens if gap else None),
        "closes": _iso(gap.closes if gap else None),
        "risk": move.risk or None,
        "notes": list(move.notes),
        "refusals": [_problem(problem) for problem in move.refusals],
        "result": moved.result.name.lower() if moved else None,
        "switchedAt": _iso(moved.at) if moved else None,
        "problems": [_problem(problem) for problem in moved.problems if problem not in move.refusals] if moved else [],
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"what": problem.what, "todo": problem.todo, "code": problem.code}


def _iso(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    return {key: _masked(item, mask) for key, item in value.items()} if isinstance(value, dict) else value
