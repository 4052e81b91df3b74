"""An apply goes on only with what was reviewed, or with what is left of it."""

import pytest
from tests.unit.builders import a_plan, a_rule, live

from esprestack.errors import PlanChangedError
from esprestack.plan.binding import Reviewed, require_hash, require_part
from esprestack.plan.model import Plan
from esprestack.reports.as_json import from_json, report, reviewed_marks, to_json


def reviewed(*plans: Plan) -> Reviewed:
    return reviewed_marks(from_json(to_json(report("diff", plans), str), "plan.json"))


def test_the_same_plan_goes_on() -> None:
    plan = a_plan([a_rule("a"), a_rule("b", task_count=2)], [live(a_rule("b"))])
    require_part([plan], reviewed(plan), str)
    require_hash([plan], plan.hash)


def test_what_is_left_of_the_plan_goes_on() -> None:
    whole = a_plan([a_rule("a"), a_rule("b", task_count=2, description="x")], [live(a_rule("b"))])
    left = a_plan(
        [a_rule("a"), a_rule("b", task_count=2, description="x")],
        [live(a_rule("a")), live(a_rule("b", description="x"))],
    )
    require_part([left], reviewed(whole), str)


def test_another_change_names_rule_and_field() -> None:
    whole = a_plan([a_rule("a", task_count=2)], [live(a_rule("a"))])
    moved = a_plan([a_rule("a", task_count=2)], [live(a_rule("a", group="by-hand"))])
    with pytest.raises(PlanChangedError, match=r"`a` differs from the reviewed plan in group"):
        require_part([moved], reviewed(whole), str)


def test_another_rule_is_named() -> None:
    whole = a_plan([a_rule("a")], [])
    more = a_plan([a_rule("a"), a_rule("b")], [])
    with pytest.raises(PlanChangedError, match="`b` wasn't to be changed"):
        require_part([more], reviewed(whole), str)


def test_a_deletion_must_have_been_reviewed_as_one() -> None:
    orphan = a_plan([a_rule("a")], [live(a_rule("old"))])
    pruned = a_plan([a_rule("a")], [live(a_rule("old"))], prune=True)
    with pytest.raises(PlanChangedError):
        require_part([pruned], reviewed(orphan), str)


def test_another_hash_stops_unless_nothing_is_left() -> None:
    plan = a_plan([a_rule("a")], [])
    with pytest.raises(PlanChangedError, match="its hash is"):
        require_hash([plan], "0" * 16)
    require_hash([a_plan([a_rule("a")], [live(a_rule("a"))])], "0" * 16)
