"""One rule of a timetable: what may be shown of it, when it runs, and what a run takes."""

from dataclasses import dataclass, field

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
        """When it runs, in English, or why nobody knows."""
        return self.times.words() if self.times else f"not known: {self.unknown}"
