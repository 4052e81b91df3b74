"""Waiting in tests: time that passes at once, and what was told meanwhile."""

from collections.abc import Callable

from tests.support.ecs_server import ScriptedEcs

from esprestack.errors import Problem
from esprestack.services.ecs import Ecs
from esprestack.services.model import Deployed, Handle
from esprestack.services.wait import DeploymentWatch, News


class Clock:
    """The seconds that passed, and what happens at which pause (the first is number 1)."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.stops_at = 0
        """The pause at which somebody presses Ctrl-C; 0: nobody does."""
        self.acts: dict[int, Callable[[], object]] = {}

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        self.acts.get(len(self.pauses), lambda: None)()
        return len(self.pauses) == self.stops_at


class Told:
    """What was told."""

    def __init__(self) -> None:
        self.news: list[News] = []

    def __call__(self, news: News) -> None:
        self.news.append(news)

    @property
    def lines(self) -> list[str]:
        return [str(one) if isinstance(one, Problem) else one.what for one in self.news]


def waited(
    client: Ecs, ecs: ScriptedEcs, clock: Clock, handle: Handle, told: Told | None = None, timeout: float = 600.0
) -> Deployed:
    """How a wait for the deployment ends, in whatever process."""
    watch = DeploymentWatch(client, lambda _: client.aws, handle, lambda: ecs.place.now)
    return watch.until_done(told or Told(), clock.pause, timeout)
