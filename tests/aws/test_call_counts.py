"""How many calls a command makes: what fits into AWS's 50 calls a second decides how long everybody waits."""

import math

from tests.aws.account import Account, a_target
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

RULES, OTHERS = 300, 120
"""Ours, and other people's on the same bus."""


def test_a_diff_of_300_rules_asks_each_for_its_targets_and_little_else(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    names = [f"rule-{number:03}" for number in range(RULES)]
    others = [f"other-{number:03}" for number in range(OTHERS)]
    for name in names:
        account.has_rule(name)
    for name in others:
        account.has_rule(name, tracked_by=None, targets=[a_target(name, cluster="another")])
    folder.config(*map(a_rule, names))
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.out.splitlines()[-1]) == (0, "No changes: AWS is what the config says (300 unchanged)")
    assert front.count() <= RULES + math.ceil((RULES + OTHERS) / 100) + 3, front.operations()
    assert front.count("ListTargetsByRule") == RULES


def test_a_diff_of_one_rule_by_name_asks_for_no_other_rules_targets(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    names = [f"rule-{number}" for number in range(20)]
    for name in names:
        account.has_rule(name)
    folder.config(*map(a_rule, names))
    assert esprestack("diff", "--rule", "rule-7", "--exit-code").code == 0
    assert front.count() <= 3, front.operations()


def test_a_drift_of_a_busy_cluster_asks_once_for_the_clusters_rules(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    names = [f"rule-{number}" for number in range(20)]
    for name in names:
        account.has_rule(name)
    folder.config(*map(a_rule, names))
    assert esprestack("drift").code == 0
    assert front.operations() == {
        "ListRules": 1, "GetResources": 1, "ListRuleNamesByTarget": 1, "ListTargetsByRule": 20,
    }  # fmt: skip


def test_a_task_definition_of_many_rules_is_asked_for_once(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_task_definitions("other")
    rules = [a_rule(f"rule-{number}", taskDefinition=("app", "other")[number % 2]) for number in range(20)]
    folder.config(*rules)
    assert esprestack("diff").code == 0
    assert front.count("DescribeTaskDefinition") == 2


def test_task_definitions_of_rules_that_stay_are_not_asked_for(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    assert esprestack("diff").code == 0
    assert front.count("DescribeTaskDefinition") == 0


def test_two_rules_and_their_creation_take_two_calls_each(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("one"), a_rule("two"))
    assert esprestack("apply").code == 0
    assert len(front.writes()) == 4


def test_configs_of_one_region_share_its_clients_and_identity(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for number in range(3):
        folder.config(a_rule(f"rule-{number}"), cluster=f"cluster-{number}", name=f"{number}.yaml")
    assert esprestack("diff", "-c", "*.yaml", "--account", "123456789012").code == 0
    assert front.count("GetCallerIdentity") == 1
