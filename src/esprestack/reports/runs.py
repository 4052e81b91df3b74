"""The coming runs of one schedule expression, for `esprestack next`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice

from esprestack.errors import InputError, Problem
from esprestack.schedule import FIRST_YEAR, LAST_YEAR, Dialect, Rate, ScheduleError, explain, parse
from esprestack.schedule.clocks import zone


@dataclass(frozen=True, slots=True)
class ComingRuns:
    """`runs` are in UTC; of a rate, whose start nobody knows, they count from the asked moment."""

    expression: str
    backend: str
    timezone: str
    zone: tzinfo
    runs: tuple[datetime, ...]
    explanation: str
    warnings: tuple[str, ...]


def coming(expression: str, backend: str, timezone: str, start: str | None, count: int) -> ComingRuns:
    """The first `count` runs strictly after `start`. Raises InputError for what can't be read."""
    dialect = Dialect(backend)
    try:
        schedule = parse(expression, dialect)
    except ScheduleError as error:
        said = f"{expression}: {error.what}" if expression.strip() else error.what
        raise InputError(Problem(said, todo=error.todo)) from None
    if dialect is Dialect.RULES and timezone != "UTC":
        todo = "use --backend scheduler, or write the expression in UTC"
        raise InputError(Problem("EventBridge rules know UTC only", todo=todo))
    shown_in = zone(timezone)
    warnings = list(schedule.warnings)
    if isinstance(schedule, Rate):
        since = "its rule's creation" if dialect is Dialect.RULES else "its StartDate"
        warnings.append(f"a rate counts from {since}; these runs count from the moment that was asked for")
    runs = tuple(islice(schedule.runs(moment(start), shown_in), count))
    return ComingRuns(expression, backend, timezone, shown_in, runs, explain(schedule, timezone), tuple(warnings))


def moment(text: str | None) -> datetime:
    """The moment of an ISO time, which without zone is in UTC; now, without a text. Raises InputError."""
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(Problem(f"`{text}` is no ISO time", todo="for example 2026-12-31T09:00:00Z")) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        what = f"`{text}` is not from {FIRST_YEAR} to {LAST_YEAR}"
        raise InputError(Problem(what, todo="an expression can name no other year"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def runs_json(found: ComingRuns) -> str:
    """One JSON object; times in UTC."""
    document = {
        "expression": found.expression,
        "backend": found.backend,
        "timezone": found.timezone,
        "runs": [f"{run:%Y-%m-%dT%H:%M:%SZ}" for run in found.runs],
        "explanation": found.explanation,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def runs_text(found: ComingRuns) -> str:
    """What it means, then a line for each run in UTC and, where there is another zone, in local time."""
    lines = [f"{found.expression}: {found.explanation}"]
    for run in found.runs:
        local = "" if found.zone is UTC else f"  {_shown(run.astimezone(found.zone))}"
        lines.append(f"{_shown(run)}{local}")
    if not found.runs:
        lines.append("it never runs again")
    return "\n".join(lines) + "\n"


def _shown(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S %Z}" if moment.second else f"{moment:%a %Y-%m-%d %H:%M %Z}"
