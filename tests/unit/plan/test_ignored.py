"""Fields that others may change are no drift."""

import pytest
from tests.unit.builders import a_plan, a_rule, live

from esprestack.errors import InputError
from esprestack.plan.ignored import ignored, without_ignored
from esprestack.plan.model import Action

PLAN = a_plan(
    [a_rule("nightly", enabled=False), a_rule("hourly", environment={"A": "1"}, task_count=2)],
    [live(a_rule("nightly")), live(a_rule("hourly", environment={"A": "2"}))],
)


def left(*patterns: str) -> dict[str, list[str]]:
    plan = without_ignored(PLAN, ignored(patterns))
    return {change.name: [field.path for field in change.fields] for change in plan.changing}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), {"nightly": ["disabled"], "hourly": ["taskCount", "containerOverrides[app].environment.A"]}),
        (("disabled",), {"hourly": ["taskCount", "containerOverrides[app].environment.A"]}),
        (("containerOverrides",), {"nightly": ["disabled"], "hourly": ["taskCount"]}),
        (("containerOverrides[*].environment",), {"nightly": ["disabled"], "hourly": ["taskCount"]}),
        (("hour*:*",), {"nightly": ["disabled"]}),
        (("*:taskC",), {"nightly": ["disabled"], "hourly": ["taskCount", "containerOverrides[app].environment.A"]}),
        (("disabled", "hourly:taskCount", "*.A"), {}),
    ],
)
def test_a_pattern_names_a_rule_and_a_field_with_all_that_is_in_it(
    patterns: tuple[str, ...], expected: dict[str, list[str]]
) -> None:
    assert left(*patterns) == expected


def test_a_rule_that_differs_in_nothing_else_is_unchanged() -> None:
    plan = without_ignored(PLAN, ignored(["disabled"]))
    assert [change.action for change in plan.changes if change.name == "nightly"] == [Action.UNCHANGED]


def test_what_is_new_or_gone_cannot_be_ignored() -> None:
    plan = a_plan([a_rule("new")], [live(a_rule("old"))])
    assert without_ignored(plan, ignored(["*"])) == plan


def test_a_pattern_without_a_field_is_refused() -> None:
    with pytest.raises(InputError, match="`nightly:` names no field"):
        ignored(["nightly:"])
