"""Orphans: shown always, deleted with --prune alone, and never more of them than was meant."""

import pytest
from tests.aws.account import ACCOUNT, CLUSTER, REGION, Account, a_target, arn, just_before, rule_of, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack.backends.base import Live
from esprestack.plan.compare import Veil
from esprestack.plan.make import PlanOptions, make_plan
from esprestack.plan.model import Action
from esprestack.rule import Home, LiveRule, Rule, Scope, Target
from esprestack.secrets import Vault

HOMES = tuple(Home)


def test_an_orphan_is_shown_and_stays_without_prune(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    account.has_rule("gone")
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert "? orphan gone (in no config any more)\n" in diff.out
    assert (esprestack("apply").code, written(front)) == (0, [])
    assert account.names() == ["gone", "nightly"]


@pytest.mark.of_rules
def test_an_orphan_is_deleted_with_prune(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    account.has_rule("gone", targets=[a_target("one")])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--prune", "--exit-code")
    assert diff.code == 2
    assert "- delete gone (in no config any more)\n    -- name: gone\n" in diff.out
    apply = esprestack("apply", "--prune")
    assert (apply.code, apply.err.splitlines()[0]) == (0, "done: delete gone")
    assert written(front) == ["RemoveTargets", "DeleteRule"]
    assert account.names() == ["nightly"]
    assert esprestack("diff", "--prune", "--exit-code").code == 0


@pytest.mark.of_rules
def test_an_orphan_without_targets_is_deleted(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone", targets=[])
    folder.config(a_rule("nightly"))
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == ["nightly"]


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("untracked", {"tracked_by": None}),
        ("theirs", {"tracked_by": "another-team"}),
        ("similar", {"tracked_by": f"{CLUSTER}-2"}),
    ],
)
def test_only_rules_of_ours_are_pruned(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, name: str, live: dict[str, str | None]
) -> None:
    account.has_rule("nightly")
    account.has_rule(name, tracked_by=live["tracked_by"])
    folder.config(a_rule("nightly"))
    assert (esprestack("apply", "--prune").code, written(front)) == (0, [])


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([a_target("gone"), {"Id": "copy", "Arn": arn("sqs", "copies")}], "target `copy`"),
        ([a_target("gone", cluster="another")], "its targets, none of which is a task on this cluster"),
        ([a_target("gone", InputPath="$.detail")], "its target's InputPath"),
    ],
)
def test_an_orphan_is_kept_where_a_delete_would_lose_what_no_config_said(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    targets: list[dict[str, object]],
    said: str,
) -> None:
    account.has_rule("gone", targets=targets)
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--prune", "--exit-code")
    assert diff.code == 0
    assert f"? orphan gone (kept, a delete would lose {said}" in diff.out
    assert (esprestack("apply", "--prune").code, written(front)) == (0, [])


@pytest.mark.parametrize("rules", ["", "rules:\n", "rules: []\n"], ids=["no key", "an empty key", "an empty list"])
@pytest.mark.parametrize("options", [(), ("--max-deletes", "9")])
def test_a_config_without_rules_prunes_nothing(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, rules: str, options: tuple[str, ...]
) -> None:
    account.has_rule("nightly")
    folder.write(f"region: eu-central-1\ncluster: {CLUSTER}\n{rules}")
    said = esprestack("apply", "--prune", *options)
    assert said.code == 1
    assert "ecschedule.yaml: prune is refused: `rules:` is empty, every tracked rule would go" in said.err
    assert front.writes() == []


# -- how many --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tracked", "orphans", "options", "most"),
    [
        pytest.param(4, 3, (), 3, id="three always may"),
        pytest.param(4, 4, (), 3, id="of four not all"),
        pytest.param(8, 4, (), 4, id="half of them may"),
        pytest.param(8, 5, (), 4, id="more than half may not"),
        pytest.param(7, 4, (), 4, id="half is rounded up"),
        pytest.param(8, 5, ("--max-deletes", "5"), 5, id="as many as were allowed"),
        pytest.param(8, 5, ("--max-deletes", "4"), 4, id="more than were allowed"),
        pytest.param(2, 1, ("--max-deletes", "0"), 0, id="none was allowed"),
    ],
)
def test_more_deletions_than_allowed_are_refused_and_nothing_is_written(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    tracked: int,
    orphans: int,
    options: tuple[str, ...],
    most: int,
) -> None:
    names = [f"rule-{number}" for number in range(tracked)]
    for name in names:
        account.has_rule(name)
    kept = [*names[orphans:], "new"]
    folder.config(*map(a_rule, kept))
    said = esprestack("apply", "--prune", *options)
    if orphans <= most:
        assert said.code == 0
        assert account.names() == sorted(kept)
    else:
        assert said.code == 1
        assert f"prune is refused: {orphans} rules would be deleted, at most {most} may be" in said.err
        assert f"(allow it with --max-deletes {orphans})" in said.err
        assert front.writes() == []


def test_a_diff_says_that_the_prune_will_be_refused(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    for name in "abcd":
        account.has_rule(name)
    folder.config(a_rule("nightly"))
    said = esprestack("diff", "--prune", "--exit-code")
    assert said.code == 1
    assert "prune is refused: 4 rules would be deleted, at most 3 may be" in said.err
    assert said.out.count("- delete ") == 4


# -- several configs -------------------------------------------------------------------------------------------


def test_configs_with_one_tracking_id_do_not_prune_each_others_rules(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("one"), name="a.yaml")
    folder.config(a_rule("two"), name="b.yaml")
    configs = ("-c", "a.yaml", "-c", "b.yaml")
    assert esprestack("apply", *configs).code == 0
    front.clear()
    diff = esprestack("diff", "--prune", "--exit-code", *configs)
    assert (diff.code, diff.err) == (0, "")
    assert (esprestack("apply", "--prune", *configs).code, written(front)) == (0, [])


@pytest.mark.of_rules
def test_an_orphan_of_two_configs_with_one_tracking_id_is_one_orphan(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    folder.config(a_rule("one"), name="a.yaml")
    folder.config(a_rule("two"), name="b.yaml")
    configs = ("-c", "a.yaml", "-c", "b.yaml")
    diff = esprestack("diff", "--prune", *configs)
    assert diff.out.endswith("\n2 to create, 1 to delete\n")
    apply = esprestack("apply", "--prune", *configs)
    assert (apply.code, written(front).count("DeleteRule")) == (0, 1), apply.err
    assert account.names() == ["one", "two"]


def test_clusters_with_the_same_tracking_id_do_not_prune_each_others_rules(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("elsewhere", tracked_by="batch-team", targets=[a_target("elsewhere", cluster="another")])
    folder.config(a_rule("nightly"), trackingId="batch-team")
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == ["elsewhere", "nightly"]


def test_an_orphan_is_pruned_by_the_config_of_its_cluster(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("gone-1", tracked_by="batch-team", targets=[a_target("gone-1", cluster="first")])
    account.has_rule("gone-2", tracked_by="batch-team", targets=[a_target("gone-2", cluster="second")])
    folder.config(a_rule("one"), trackingId="batch-team", cluster="first", name="a.yaml")
    folder.config(a_rule("two"), trackingId="batch-team", cluster="second", name="b.yaml")
    assert esprestack("apply", "--prune", "-c", "a.yaml", "-c", "b.yaml").code == 0
    assert account.names() == ["one", "two"]


# -- the index of tags lags behind -----------------------------------------------------------------------------


@pytest.mark.of_rules
@pytest.mark.parametrize("now", [None, "another-team"])
def test_a_rule_is_kept_whose_own_tags_do_not_confirm_what_the_index_says(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, now: str | None
) -> None:
    account.has_rule("nightly")
    account.has_rule("given-away")
    folder.config(a_rule("nightly"))
    just_before(front, "ListTagsForResource", lambda: account.track("given-away", now))
    assert (esprestack("apply", "--prune").code, written(front)) == (0, [])
    assert "GetResources" in front.operations()
    assert account.names() == ["given-away", "nightly"]


@pytest.mark.of_rules
def test_the_tags_of_each_orphan_are_asked_of_the_rule_itself_before_it_is_deleted(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for name in ("gone-1", "gone-2", "kept"):
        account.has_rule(name)
    folder.config(a_rule("kept"))
    assert esprestack("apply", "--prune").code == 0
    operations = [call.operation for call in front.calls]
    asked = [rule_of(call) for call in front.calls if call.operation == "ListTagsForResource"]
    assert sorted(asked) == ["gone-1", "gone-2"]
    assert max(i for i, name in enumerate(operations) if name == "ListTagsForResource") < operations.index("DeleteRule")


def test_a_plan_deletes_no_rule_whose_tags_were_not_asked_of_itself() -> None:
    scope = Scope("aws", REGION, ACCOUNT, CLUSTER, CLUSTER)
    orphan = LiveRule(Rule("gone", "rate(1 day)", Target("gone", "app")), tracking_id=CLUSTER, target_ids=("gone",))
    options = PlanOptions(prune=True, max_deletes=1)
    for certain, action in ((frozenset[str](), Action.ORPHAN), (frozenset({"gone"}), Action.DELETE)):
        plan = make_plan("ecschedule.yaml", [], Live(scope, {"gone": orphan}, certain), options, Veil(Vault()))
        assert [change.action for change in plan.changes] == [action]


@pytest.mark.of_rules
def test_nothing_is_deleted_where_the_tags_may_not_be_asked(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    front.fail("ListTagsForResource", "AccessDeniedException", times=None)
    said = esprestack("apply", "--prune")
    assert said.code == 1
    assert "events:ListTagsForResource" in said.err
    assert front.writes() == []


@pytest.mark.of_rules
def test_a_rule_that_is_deleted_while_the_plan_is_made_is_no_error(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    just_before(front, "ListTargetsByRule", lambda: account.remove("gone"))
    said = esprestack("apply", "--prune", "--parallel", "1")
    assert (said.code, written(front)) == (0, [])


def test_a_rule_that_is_deleted_between_plan_and_delete_is_gone_as_wanted(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    just_before(front, "RemoveTargets", lambda: account.remove("gone"))
    said = esprestack("apply", "--prune")
    assert (said.code, account.names()) == (0, ["nightly"]), said.err
