"""Things go wrong by chance, several in one apply: a seed for each run, printed when it fails."""

import random

import pytest
from tests.aws.reliability.world import World
from tests.support.shaky_front import Chosen, Fault

SEEDS = 800
PARTS = 8
"""Tests that share the seeds, for workers side by side."""

pytestmark = pytest.mark.reliability


def by_chance(chance: random.Random) -> Chosen:
    """Each call fails with the run's own probability, in one of the run's own ways."""
    often = chance.choice((0.02, 0.05, 0.1, 0.3))
    kinds = chance.sample(list(Fault), chance.randint(1, 4))
    return lambda _, __: chance.choice(kinds) if chance.random() < often else None


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_by_chance_nothing_is_doubled_or_lost(
    world: World, environment: pytest.MonkeyPatch, part: int
) -> None:
    for seed in range(part, SEEDS, PARTS):
        chance = random.Random(seed)  # noqa: S311 - no cryptography
        environment.setenv("AWS_MAX_ATTEMPTS", chance.choice(("1", "2", "5")))
        world.restart()
        said = world.apply("--parallel", chance.choice(("1", "3", "10")), choose=by_chance(chance))
        environment.setenv("AWS_MAX_ATTEMPTS", "1")
        world.check(said, f"seed {seed}")
