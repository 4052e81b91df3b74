"""An apply goes on only with what was reviewed, or with what is left of it."""

import json
from collections.abc import Callable

import pytest
from tests.unit.builders import a_plan, a_rule, live

from esprestack.errors import PlanChangedError
from esprestack.plan.binding import Reviewed, compact, from_compact, is_part, require_hash, require_part
from esprestack.plan.model import Plan
from esprestack.reports.as_json import from_json, report, reviewed_in, to_json


def from_a_file(*plans: Plan) -> Reviewed:
    return reviewed_in(from_json(to_json(report("diff", plans), str), "plan.json"), str)


def from_a_comment(*plans: Plan) -> Reviewed:
    return from_compact([json.loads(json.dumps(compact([plan]))) for plan in plans])


@pytest.fixture(params=[from_a_file, from_a_comment])
def reviewed(request: pytest.FixtureRequest) -> Callable[..., Reviewed]:
    """What was reviewed, kept in a file or in a comment: both bind alike."""
    kept: Callable[..., Reviewed] = request.param
    return kept


def test_the_same_plan_goes_on(reviewed: Callable[..., Reviewed]) -> None:
    plan = a_plan([a_rule("a"), a_rule("b", task_count=2)], [live(a_rule("b"))])
    require_part([plan], reviewed(plan))
    require_hash([plan], plan.hash)


def test_what_is_left_of_the_plan_goes_on(reviewed: Callable[..., Reviewed]) -> None:
    whole = a_plan([a_rule("a"), a_rule("b", task_count=2, description="x")], [live(a_rule("b"))])
    left = a_plan(
        [a_rule("a"), a_rule("b", task_count=2, description="x")],
        [live(a_rule("a")), live(a_rule("b", description="x"))],
    )
    require_part([left], reviewed(whole))


def test_another_change_names_rule_and_field(reviewed: Callable[..., Reviewed]) -> None:
    whole = a_plan([a_rule("a", task_count=2)], [live(a_rule("a"))])
    moved = a_plan([a_rule("a", task_count=2)], [live(a_rule("a", group="by-hand"))])
    with pytest.raises(PlanChangedError, match=r"`a` differs from the reviewed plan in group"):
        require_part([moved], reviewed(whole))


def test_another_rule_is_named(reviewed: Callable[..., Reviewed]) -> None:
    whole = a_plan([a_rule("a")], [])
    more = a_plan([a_rule("a"), a_rule("b")], [])
    with pytest.raises(PlanChangedError, match="`b` wasn't to be changed"):
        require_part([more], reviewed(whole))


def test_a_deletion_must_have_been_reviewed_as_one(reviewed: Callable[..., Reviewed]) -> None:
    orphan = a_plan([a_rule("a")], [live(a_rule("old"))])
    pruned = a_plan([a_rule("a")], [live(a_rule("old"))], prune=True)
    with pytest.raises(PlanChangedError):
        require_part([pruned], reviewed(orphan))


def test_another_hash_stops_unless_nothing_is_left() -> None:
    plan = a_plan([a_rule("a")], [])
    with pytest.raises(PlanChangedError, match="its hash is"):
        require_hash([plan], "0" * 16)
    require_hash([a_plan([a_rule("a")], [live(a_rule("a"))])], "0" * 16)


def test_two_reviewed_plans_bind_together() -> None:
    first = a_plan([a_rule("a")], [])
    second = a_plan([a_rule("b")], [])
    both = a_plan([a_rule("a"), a_rule("b")], [])
    require_part([both], from_a_comment(first, second))
    assert all(is_part(both, change, from_a_comment(first, second)) for change in both.changing)
    assert [change.name for change in both.changing if is_part(both, change, from_a_comment(first))] == ["a"]


def test_what_a_comment_keeps_of_300_new_rules_is_small() -> None:
    plan = a_plan([a_rule(f"job-{number}", environment={"A": "1", "B": "2"}) for number in range(300)], [])
    assert len(json.dumps(compact([plan]))) < 20_000
