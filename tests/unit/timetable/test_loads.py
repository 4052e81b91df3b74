"""What a run takes, and how much begins in a minute: sums, peaks and collisions."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.builders import a_target
from tests.unit.strategies import QUICK

from esprestack.rule import ContainerOverride, Home, Target, TaskOverride
from esprestack.schedule import Cron, Rate, parse
from esprestack.schedule.minutes import members
from esprestack.timetable.collisions import Collision, can_collide, colliding, collisions
from esprestack.timetable.size import Size, size_of
from esprestack.timetable.tally import Tally
from esprestack.timetable.times import Times


def minutes(*numbers: int) -> int:
    return sum(1 << number for number in set(numbers))


# -- what a run takes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "size"),
    [
        (a_target(), Size(1, None, None)),
        (a_target(task_override=TaskOverride(cpu="1024", memory="3 GB")), Size(1, 1024, 3072)),
        (a_target(task_count=4, task_override=TaskOverride(cpu=".25 vCPU")), Size(4, 1024, None)),
        (
            a_target(container_overrides=(ContainerOverride("app", cpu=256, memory=512), ContainerOverride("log", cpu=64))),
            Size(1, 320, 512),
        ),
        (
            a_target(
                task_override=TaskOverride(cpu="512"),
                container_overrides=(ContainerOverride("app", cpu=256, memory_reservation=128),),
            ),
            Size(1, 512, 128),
        ),
        (a_target(container_overrides=(ContainerOverride("app", cpu=0, memory=512, memory_reservation=256),)), Size(1, 0, 512)),
        (a_target(task_override=TaskOverride(cpu="much", memory="(secret)")), Size(1, None, None)),
    ],
)  # fmt: skip
def test_a_run_takes_what_its_overrides_say_and_what_they_leave_open_is_unknown(target: Target, size: Size) -> None:
    assert size_of(target) == size


# -- sums ------------------------------------------------------------------------------------------------------


@QUICK
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 40)), st.integers(0, 3000)), max_size=12),
    st.sets(st.integers(0, 40)),
    st.integers(1, 6000),
)
def test_sums_are_those_of_plain_adding(added: list[tuple[set[int], int]], asked: set[int], amount: int) -> None:
    tally, plain = Tally(), Counter[int]()
    for numbers, each in added:
        tally.add(minutes(*numbers), each)
        plain.update(dict.fromkeys(numbers, each))
    assert tally.total(minutes(*asked)) == sum(plain[number] for number in asked)
    most = max((plain[number] for number in asked), default=0)
    assert tally.most(minutes(*asked)) == (most, minutes(*(number for number in asked if plain[number] == most)))
    enough = tally.at_least(amount)
    assert list(members(enough)) == [number for number in range(41) if plain[number] >= amount]


def test_of_nothing_the_sum_is_nothing() -> None:
    assert Tally().total(minutes(1, 2)) == 0
    assert Tally().most(minutes(1, 2)) == (0, minutes(1, 2))
    assert Tally().at_least(1) == 0


# -- collisions ------------------------------------------------------------------------------------------------


def test_three_rules_in_a_minute_collide_and_two_do_not() -> None:
    starts = {"a": minutes(1, 5, 9), "b": minutes(1, 5), "c": minutes(5, 9), "d": minutes(9, 11)}
    assert list(members(colliding(starts.values()))) == [5, 9]
    assert list(members(colliding(starts.values(), fewest=2))) == [1, 5, 9]


def test_minutes_with_the_same_rules_are_one_collision_the_earliest_first() -> None:
    starts = {"late": minutes(7, 3), "a": minutes(3, 5, 7), "b": minutes(3, 5, 7), "c": minutes(5)}
    assert collisions(starts, colliding(starts.values())) == [
        Collision(("late", "a", "b"), minutes(3, 7)),
        Collision(("a", "b", "c"), minutes(5)),
    ]


@QUICK
@given(st.dictionaries(st.integers(0, 8), st.sets(st.integers(0, 20)), max_size=9))
def test_every_rule_of_a_minute_is_named_once(starts: dict[int, set[int]]) -> None:
    sets = {name: minutes(*numbers) for name, numbers in starts.items()}
    named = {
        minute: collision.rules
        for collision in collisions(sets, colliding(sets.values()))
        for minute in members(collision.minutes)
    }
    together = {minute: tuple(name for name, numbers in starts.items() if minute in numbers) for minute in range(21)}
    assert named == {minute: rules for minute, rules in together.items() if len(rules) >= 3}


@pytest.mark.parametrize(
    ("times", "can"),
    [
        (Times(parse("cron(15 18 * * ? *)")), True),
        (Times(parse("cron(0/5 * * * ? *)")), False),
        (Times(parse("cron(15 18 * * ? *)"), enabled=False), False),
        (Times(parse("cron(15 18 * * ? *)"), Home.SCHEDULER, window=10), False),
        (Times(parse("rate(1 hour)")), False),
    ],
)
def test_only_what_starts_in_a_known_minute_and_not_all_the_time_can_collide(times: Times, can: bool) -> None:
    assert isinstance(times.schedule, Cron | Rate)
    assert can_collide(times) is can
