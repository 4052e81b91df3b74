"""What the plan says of each rule, and when it may not be applied."""

from dataclasses import replace

import pytest
from tests.unit.builders import SCOPE, a_plan, a_rule, a_target, desired, live

from esprestack.backends.base import Live
from esprestack.plan.make import doubtful
from esprestack.plan.model import Action, Plan
from esprestack.rule import LiveRule


def actions(plan: Plan) -> dict[str, str]:
    return {change.name: str(change.action) for change in plan.changes}


def test_a_rule_that_isnt_there_is_created() -> None:
    assert actions(a_plan([a_rule("a")], [])) == {"a": "create"}


def test_an_equal_rule_is_unchanged() -> None:
    plan = a_plan([a_rule("a")], [live(a_rule("a"))])
    assert actions(plan) == {"a": "unchanged"}
    assert plan.changing == []


def test_a_rule_that_differs_is_updated_and_the_fields_are_named() -> None:
    plan = a_plan([a_rule("a", task_count=2, description="d")], [live(a_rule("a"))])
    (change,) = plan.changes
    assert (change.action, [field.path for field in change.fields]) == (Action.UPDATE, ["description", "taskCount"])
    assert [(field.before, field.after) for field in change.fields] == [(None, "d"), (None, 2)]


def test_another_target_id_is_a_replacement() -> None:
    (change,) = a_plan([a_rule("a", id="new")], [live(a_rule("a", id="old"))]).changes
    assert (change.action, change.reason) == (Action.REPLACE, "target `old` becomes `new`")


def test_a_rule_that_nobody_tracks_is_adopted_even_if_it_is_equal() -> None:
    (change,) = a_plan([a_rule("a")], [live(a_rule("a"), None)]).changes
    assert (change.action, change.changes) == (Action.ADOPT, True)
    assert "tracked by nobody" in change.reason


def test_a_rule_that_another_config_tracks_is_a_conflict_at_its_line() -> None:
    plan = a_plan([a_rule("a"), a_rule("b")], [live(a_rule("b"), "theirs")])
    assert actions(plan) == {"a": "create", "b": "conflict"}
    (problem,) = plan.refusals
    assert (str(problem.where), problem.code) == ("ecschedule.yaml:5:9", "conflict")
    assert "`theirs`" in problem.what
    assert "--take-over" in problem.todo


def test_take_over_adopts_it_and_says_from_whom() -> None:
    plan = a_plan([a_rule("a")], [live(a_rule("a"), "theirs")], take_over=True)
    (change,) = plan.changes
    assert (change.action, change.reason) == (Action.ADOPT, "taken over from `theirs`")
    assert plan.refusals == ()


def test_a_write_that_would_lose_something_is_a_conflict() -> None:
    found = live(a_rule("a"), would_lose=("its event pattern",))
    plan = a_plan([a_rule("a", description="new")], [found])
    assert actions(plan) == {"a": "conflict"}
    assert "its event pattern" in plan.refusals[0].what
    assert actions(a_plan([a_rule("a")], [found])) == {"a": "unchanged"}


def test_foreign_targets_are_named_and_hinder_nothing() -> None:
    found = live(a_rule("a"), foreign=("target `x` (arn:aws:lambda:…)",))
    plan = a_plan([a_rule("a", description="new")], [found])
    assert actions(plan) == {"a": "update"}
    assert "target `x`" in plan.notes[0]


def test_a_rule_that_lost_its_target_gets_it_back() -> None:
    (change,) = a_plan([a_rule("a")], [live(replace(a_rule("a"), target=None), target_ids=())]).changes
    assert (change.action, change.reason) == (Action.UPDATE, "it has lost its target")


def test_an_orphan_is_shown_and_kept_without_prune() -> None:
    plan = a_plan([a_rule("a")], [live(a_rule("a")), live(a_rule("old"))])
    assert actions(plan) == {"a": "unchanged", "old": "orphan"}
    assert plan.changing == []


def test_prune_deletes_orphans_last() -> None:
    plan = a_plan([a_rule("z")], [live(a_rule("old"))], prune=True)
    assert list(actions(plan).items()) == [("z", "create"), ("old", "delete")]


@pytest.mark.parametrize(
    ("orphan", "certain", "why"),
    [
        (live(a_rule("old"), foreign=("target `x`",)), True, "target `x`"),
        (live(a_rule("old"), would_lose=("its event pattern",)), True, "its event pattern"),
        (live(a_rule("old")), False, "couldn't be confirmed"),
    ],
)
def test_prune_keeps_what_isnt_certainly_and_wholly_ours(orphan: LiveRule, certain: bool, why: str) -> None:
    plan = a_plan([a_rule("a")], [orphan], prune=True, certain=certain)
    change = plan.of(Action.ORPHAN)[0]
    assert why in change.reason


def test_prune_leaves_rules_of_other_configs_of_the_run_alone() -> None:
    plan = a_plan([a_rule("a")], [live(a_rule("b"))], prune=True, elsewhere=["b"])
    assert actions(plan) == {"a": "create"}


def test_prune_leaves_rules_of_other_tracking_ids_alone() -> None:
    plan = a_plan([a_rule("a")], [live(a_rule("b"), "theirs"), live(a_rule("c"), None)], prune=True)
    assert actions(plan) == {"a": "create"}


def test_prune_with_an_empty_config_is_refused() -> None:
    plan = a_plan([], [live(a_rule("a"))], prune=True)
    assert "`rules:` is empty" in plan.refusals[0].what


@pytest.mark.parametrize(
    ("tracked", "orphans", "limit", "refused"),
    [
        (3, 3, None, False),
        (5, 4, None, True),
        (10, 5, None, False),
        (10, 6, None, True),
        (10, 6, 6, False),
        (5, 1, 0, True),
    ],
)
def test_more_deletes_than_allowed_are_refused(tracked: int, orphans: int, limit: int | None, refused: bool) -> None:
    names = [f"r{number}" for number in range(tracked)]
    found = [live(a_rule(name)) for name in names]
    wanted = [a_rule(name) for name in names[orphans:]] or [a_rule("new")]
    assert bool(a_plan(wanted, found, prune=True, max_deletes=limit).refusals) is refused


def test_only_selected_rules_are_looked_at() -> None:
    plan = a_plan([a_rule("a"), a_rule("b")], [live(a_rule("old"))], rules=("b",))
    assert actions(plan) == {"b": "create"}


def test_tags_that_the_config_doesnt_name_are_left_alone() -> None:
    tagged = live(a_rule("a", rule_tags=(("team", "x"),)))
    assert actions(a_plan([a_rule("a")], [tagged])) == {"a": "unchanged"}
    assert actions(a_plan([a_rule("a", rule_tags=())], [tagged])) == {"a": "update"}


def test_what_hangs_on_tags_of_the_index_is_to_be_confirmed_first() -> None:
    found = {
        "same": live(a_rule("same")),
        "untracked": live(a_rule("untracked"), None),
        "theirs": live(a_rule("theirs"), "theirs"),
        "orphan": live(a_rule("orphan")),
        "confirmed": live(a_rule("confirmed"), None),
        "elsewhere": live(a_rule("elsewhere")),
    }
    wanted = desired(*(a_rule(name) for name in ("same", "untracked", "theirs", "confirmed")))
    answer = Live(SCOPE, found, frozenset({"confirmed"}))
    assert doubtful(wanted, answer, ["elsewhere"]) == ["orphan", "theirs", "untracked"]


def test_equal_plans_have_equal_hashes_and_other_plans_others() -> None:
    base = a_plan([a_rule("a"), a_rule("b")], [live(a_rule("a", task_count=2))])
    again = a_plan([a_rule("b"), a_rule("a")], [live(a_rule("a", task_count=2))])
    other = a_plan([a_rule("a"), a_rule("b")], [live(a_rule("a", task_count=3))])
    assert base.hash == again.hash
    assert base.hash != other.hash


def test_targets_compare_whole() -> None:
    assert a_target() == a_target()
    assert a_target() != a_target(task_count=2)
