"""Eight jobs that write into one comment at the same moment, as the legs of a matrix do."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.support.github_server import GitHubServer
from tests.support.racer import ours

from esprestack.reports.sections import sections_of

JOBS = 8
LONGEST_DELAY = 0.02


class Race:
    """`with Race() as race:` has eight processes that wait for `run`."""

    def __enter__(self) -> Self:
        self._jobs = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.racer", f"leg-{number}"],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(JOBS)
        ]
        assert [self._answer(job) for job in self._jobs] == ["ready"] * JOBS
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._jobs:
            job.communicate()

    def run(self, seed: int) -> None:
        """A race over a connection whose delays follow from `seed`. Raises AssertionError unless all is there."""
        chance = random.Random(seed)  # noqa: S311 - chance that can be had again
        with GitHubServer() as server:
            server.delay = lambda: chance.uniform(0, LONGEST_DELAY)
            for number in range(seed % 3):  # nothing there, or a comment, or two of which one is a duplicate
                server.add_comment(7, server.login, ours(f"old-{number}").body((), 65_000))
            server.add_comment(7, "mona", "<!-- esprestack:default -->\nI quote it")
            for job in self._jobs:
                assert job.stdin
                job.stdin.write(f"{server.url} {seed}/1\n")
                job.stdin.flush()
            answers = [self._answer(job) for job in self._jobs]
            assert answers == ["done"] * JOBS, (seed, answers)
            found = [comment for comment in server.comments[7] if comment.login == server.login]
            assert len(found) == 1, (seed, [comment.id for comment in found])
            legs = sorted(section.facts.leg for section in sections_of(found[0].body))
            wanted = sorted([f"leg-{n}" for n in range(JOBS)] + [f"old-{n}" for n in range(seed % 3)])
            assert legs == wanted, (seed, legs)
            server.assert_clean()

    @staticmethod
    def _answer(job: "subprocess.Popen[str]") -> str:
        assert job.stdout
        return job.stdout.readline().strip()
