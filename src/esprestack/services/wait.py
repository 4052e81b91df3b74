"""The wait for one deployment: what happens meanwhile, and how it ended.

In: the handle, in whatever process; out: news as they come, then `Deployed`. Nothing here prints or sleeps: who calls
hands in what hears the news and what passes the time.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import TypeAlias

from esprestack.aws import Aws
from esprestack.backends.task_ends import remedy
from esprestack.errors import Again, AwsError, Problem, Severity
from esprestack.services.deployments import ServiceDeployment
from esprestack.services.ecs import Ecs
from esprestack.services.handles import to_text
from esprestack.services.history import History, readable
from esprestack.services.model import Deployed, Handle, Moment, StoppedTask, Verdict
from esprestack.services.progress import Progress
from esprestack.services.stopped import stopped_tasks
from esprestack.services.update_service import Pause
from esprestack.services.verdict import GOES_ON, PATIENCE, Judgement, by_deployments, by_history

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 10.0
"""Seconds between two looks: each is half as long again as the one before."""

LOOKS_IN_VAIN = 10
"""Looks in a row that may fail because AWS can't be reached, each with its own tries."""

News: TypeAlias = Moment | Problem
"""What happens while one waits, and what can't be seen."""


class DeploymentWatch:
    """The waiting for one deployment. `aws_of` gives a region's clients, `clock` the time of what ECS doesn't date."""

    def __init__(
        self,
        ecs: Ecs,
        aws_of: Callable[[str], Aws],
        handle: Handle,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ecs = ecs
        self._aws_of = aws_of
        self._history = History(ecs)
        self._handle = handle
        self._clock = clock
        self._progress = Progress(handle)
        self._timeline: list[Moment] = []
        self._has_history = True
        self._missed = 0
        self._in_vain = 0

    def until_done(self, told: Callable[[News], None], pause: Pause, timeout: float | None) -> Deployed:
        """Waits until it is known how the deployment ended, at most `timeout` seconds. Raises AwsError.

        `pause` passes seconds and says whether to give up.
        """
        deadline = None if timeout is None else monotonic() + timeout
        for seconds in _pauses():
            judgement = self._look(told)
            if judgement.verdict is not None:
                return self._ended(judgement, told)
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                return self._ended(Judgement(Verdict.TIMED_OUT, f"it isn't done after {timeout:g} s"), told)
            if pause(seconds if left is None else min(seconds, left)):
                return self._ended(Judgement(Verdict.STOPPED, "nobody waits for it any more"), told)
        raise AssertionError("pauses never end")

    def _look(self, told: Callable[[News], None]) -> Judgement:
        try:
            judgement = self._judged(told)
        except AwsError as error:
            if error.again is Again.NO or self._in_vain >= LOOKS_IN_VAIN:
                raise _unknown(error, self._handle) from None
            if not self._in_vain:
                told(Problem(f"AWS can't be asked: {error.problems[0].what}", severity=Severity.WARNING))
            self._in_vain += 1
            return GOES_ON
        self._in_vain = 0
        return judgement

    def _judged(self, told: Callable[[News], None]) -> Judgement:
        now = self._ecs.now()
        if now is None:
            self._missed += 1
            gone = Judgement(Verdict.FAILED, f"there is no service `{self._ecs.scope.service}` any more")
            return GOES_ON if self._missed < PATIENCE else gone
        entry = self._entry(told)
        for moment in self._progress.news(now, entry, self._clock()):
            self._tell(moment, told)
        self._missed = 0 if now.deployment(self._handle.deployment_id) else self._missed + 1
        if entry is not None:
            return by_history(self._handle, entry, now)
        return by_deployments(self._handle, now, self._missed)

    def _entry(self, told: Callable[[News], None]) -> ServiceDeployment | None:
        """The deployment's place in the history, which is looked for as long as it isn't known."""
        if not self._has_history:
            return None
        entry, problem = readable(self._found)
        if problem:
            self._has_history = False
            what = f"how it ends is taken from DescribeServices, for the history can't be read: {problem.what}"
            told(replace(problem, what=what))
        return entry

    def _found(self) -> ServiceDeployment | None:
        if not self._handle.service_deployment_arn:
            found = self._history.find(self._handle)
            if found is None:
                return None
            self._handle = replace(self._handle, service_deployment_arn=found.arn)
        return self._history.entry(self._handle.service_deployment_arn)

    def _tell(self, moment: Moment, told: Callable[[News], None]) -> None:
        self._timeline.append(moment)
        told(moment)

    def _ended(self, judgement: Judgement, told: Callable[[News], None]) -> Deployed:
        verdict = judgement.verdict or Verdict.FAILED
        stopped: tuple[StoppedTask, ...] = ()
        if verdict in (Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.TIMED_OUT):
            stopped, problems = stopped_tasks(self._ecs, self._aws_of, self._handle)
            for problem in problems:
                told(problem)
        self._timeline.append(Moment(self._clock(), str(verdict)))
        todo = _todo(verdict, judgement.reason, stopped, self._handle)
        return Deployed(self._handle, verdict, judgement.reason, stopped, tuple(self._timeline), todo)


def _todo(verdict: Verdict, reason: str, stopped: tuple[StoppedTask, ...], handle: Handle) -> str:
    if verdict in (Verdict.TIMED_OUT, Verdict.STOPPED):
        return f"it goes on; wait for it with `esprestack wait --deployment {to_text(handle)}`"
    if verdict is Verdict.SUPERSEDED:
        return "see who deployed, and wait for that with `esprestack wait`"
    said = [text for task in stopped for text in (task.reason, *(reason for _, _, reason in task.containers))]
    return next((todo for text in (*reversed(said), reason) if (todo := remedy(text))), "")


def _unknown(error: AwsError, handle: Handle) -> AwsError:
    """Who can't ask knows nothing: this is no verdict."""
    first = error.problems[0]
    how = f"nobody knows how the deployment ended; ask again with `esprestack wait --deployment {to_text(handle)}`"
    todo = f"{first.todo}; {how}" if first.todo else how
    return AwsError(Problem(first.what, first.where, todo), error.code, error.final, error.again)


def _pauses() -> Iterator[float]:
    seconds = FIRST_PAUSE
    while True:
        yield seconds
        seconds = min(LONGEST_PAUSE, seconds * 1.5)
