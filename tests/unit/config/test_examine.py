"""What of a config with mistakes can be read all the same, so that one run finds as much as it can."""

import pytest
from tests.unit.config.builders import Given

from esprestack.config.examine import examine


def readable(text: str) -> tuple[list[str], list[int]]:
    """The names of the rules that can be read, and their indices in the file."""
    given = Given()
    loaded = examine(given.prepare(text), given.vault).readable
    if loaded is None:
        return [], []
    return [rule.name for rule in loaded.config.rules or []], list(loaded.indices)


GOOD = "- {name: good, scheduleExpression: rate(1 day), taskDefinition: t}\n"


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("{name: a, scheduleExpression: rate(1 day), taskDefinition: t, descripton: x}", ["a", "good"]),
        ("{name: a, scheduleExpression: rate(1 day), taskDefinition: t, taskCount: many}", ["a", "good"]),
        ("{name: a, scheduleExpression: rate(1 day), taskDefinition: t, launch_type: FARGAT}", ["a", "good"]),
        ("{name: a, scheduleExpression: rate(1 day), taskDefinition: t, dead_letter_config: {sqss: x}}", ["good"]),
        ("{name: a, scheduleExpression: rate(1 day), taskDefinition: [t]}", ["good"]),
        ("{name: a, taskDefinition: t}", ["good"]),
        ("just a text", ["good"]),
        ("{name: a b, scheduleExpression: rate(1 day), taskDefinition: t}", ["good"]),
    ],
)
def test_one_broken_rule_does_not_hide_the_others(entry: str, names: list[str]) -> None:
    found, indices = readable(f"cluster: batch\nrules:\n- {entry}\n{GOOD}")
    assert (found, indices[-1]) == (names, 1)


def test_a_config_without_a_cluster_cannot_be_read() -> None:
    assert readable(f"rules:\n{GOOD}") == ([], [])


def test_values_that_are_missing_are_left_out() -> None:
    text = "cluster: batch\nrules:\n- {name: a, scheduleExpression: rate(1 day), taskDefinition: t, taskCount: {{ var `N` }}}\n"
    given = Given()
    examined = examine(given.prepare(text), given.vault)
    assert [problem.code for problem in examined.problems] == ["not-given"]
    assert examined.readable
    assert examined.readable.config.rules
    assert examined.readable.config.rules[0].task_count is None
