"""One rule of a timetable: what may be shown of it, when it runs, and what a run takes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from esprestack.schedule import At, explain
from esprestack.timetable.size import Size
from esprestack.timetable.times import Times


@dataclass(frozen=True, slots=True)
class Entry:
    """`name`, `expression` and `description` are as they may be shown: they hold no secret."""

    config: str
    name: str
    expression: str
    times: Times | None
    """None where nobody knows when it runs; `unknown` says why."""
    size: Size = field(default_factory=Size)
    description: str = ""
    unknown: str = ""

    @property
    def runs_at_known_times(self) -> bool:
        """Whether it runs at all, and in moments that can be told."""
        return self.times is not None and self.times.enabled and self.times.every is None

    def words(self) -> str:
        """When it runs, in English: `at 18:15 UTC on weekdays, within 15 minutes, until 2026-12-31 00:00 UTC`."""
        if self.times is None:
            return f"not known: {self.unknown}"
        times = self.times
        parts = [explain(times.schedule, times.zone_name)]
        if times.window:
            parts.append(f"within {times.window} minute{'' if times.window == 1 else 's'}")
        if not isinstance(times.schedule, At):
            parts += [
                f"{word} {_shown(moment)}" for word, moment in (("from", times.start), ("until", times.end)) if moment
            ]
        return ", ".join(parts)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
