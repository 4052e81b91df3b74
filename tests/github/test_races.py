"""Whoever writes at the same moment, one comment is left, and everybody's section is in it."""

from collections.abc import Iterator

import pytest
from tests.github.races import Race


@pytest.fixture(scope="module")
def race() -> Iterator[Race]:
    with Race() as race:
        yield race


@pytest.mark.parametrize("seed", range(2))
def test_eight_jobs_at_once_leave_one_comment_with_all_sections(race: Race, seed: int) -> None:
    race.run(seed)


@pytest.mark.reliability
@pytest.mark.parametrize("seed", range(50))
def test_fifty_races_leave_one_comment_each(race: Race, seed: int) -> None:
    race.run(seed)
