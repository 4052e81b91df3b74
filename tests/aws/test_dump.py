"""`dump`: live rules as a config, whose diff against the same AWS is empty."""

import pytest
import yaml
from tests.aws.account import CLUSTER, REGION, Account, a_target, arn
from tests.aws.configs import Folder, a_rule, everything
from tests.aws.conftest import Esprestack, anyhow
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

DUMP = ("dump", "--cluster", CLUSTER, "--region", REGION)


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    return anyhow(esprestack)


def test_a_dump_of_rules_with_every_key_is_a_config_without_a_difference(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    home: Home,
) -> None:
    folder.config(everything("all", home), a_rule("plain"), a_rule("other", scheduleExpression="rate(5 minutes)"))
    assert esprestack("apply").code == 0
    front.clear()
    dump = esprestack(*DUMP)
    assert (dump.code, dump.err, front.writes()) == (0, "", [])
    folder.write(dump.out)
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out
    assert diff.out.endswith("No changes: AWS is what the config says (3 unchanged)\n")


def test_a_dump_has_every_key_in_ecschedules_spelling(esprestack: Esprestack, folder: Folder, home: Home) -> None:
    folder.config(everything("all", home))
    assert esprestack("apply").code == 0
    dump = yaml.safe_load(esprestack(*DUMP).out)
    entry = everything("all", home)
    backend = {"backend": entry.pop("backend")} if home is Home.SCHEDULER else {}
    assert dump == {"region": REGION, "cluster": CLUSTER, "role": entry.pop("role"), **backend, "rules": [entry]}
    assert list(dump["rules"][0]) == list(entry), "in ecschedule's order"


def test_a_dump_leaves_defaults_out(esprestack: Esprestack, account: Account, home: Home) -> None:
    account.has_rule("nightly")
    assert esprestack(*DUMP).out == (
        f"region: {REGION}\n"
        f"cluster: {CLUSTER}\n"
        f"{'backend: scheduler' + chr(10) if home is Home.SCHEDULER else ''}"
        "rules:\n"
        "- name: nightly\n"
        "  scheduleExpression: rate(1 day)\n"
        "  taskDefinition: app\n"
    )  # fmt: skip


def test_a_dump_without_tracking_id_has_all_rules_of_the_cluster_and_no_others(
    esprestack: Esprestack, account: Account
) -> None:
    account.has_rule("ours")
    account.has_rule("theirs", tracked_by="another-team")
    account.has_rule("nobodys", tracked_by=None)
    account.has_rule("elsewhere", targets=[a_target("elsewhere", cluster="another")])
    assert _names(esprestack(*DUMP).out) == ["nobodys", "ours", "theirs"]


def test_a_dump_can_be_of_one_tracking_id(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("ours", tracked_by="batch-team")
    account.has_rule("theirs", tracked_by="another-team")
    account.has_rule("nobodys", tracked_by=None)
    dump = esprestack(*DUMP, "--tracking-id", "batch-team")
    assert _names(dump.out) == ["ours"]
    assert yaml.safe_load(dump.out)["trackingId"] == "batch-team"
    folder.write(dump.out)
    assert esprestack("diff", "--exit-code").code == 0


def test_the_role_of_most_rules_stands_once_at_the_top(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule("one"), a_rule("two"), a_rule("three", role="special"), role="starter")
    assert esprestack("apply").code == 0
    dump = yaml.safe_load(esprestack(*DUMP).out)
    assert dump["role"] == "starter"
    assert {rule["name"]: rule.get("role") for rule in dump["rules"]} == {"one": None, "two": None, "three": "special"}


def test_names_in_other_accounts_and_regions_stay_arns(esprestack: Esprestack, account: Account) -> None:
    queue = arn("sqs", "dead-letters", account="999999999999")
    account.has_rule("nightly", targets=[a_target("nightly", DeadLetterConfig={"Arn": queue})])
    (rule,) = yaml.safe_load(esprestack(*DUMP).out)["rules"]
    assert rule["dead_letter_config"] == {"sqs": queue}


def test_what_a_config_cannot_say_is_named_and_left_out(esprestack: Esprestack, account: Account) -> None:
    account.has_rule("fine")
    account.has_rule("paths", targets=[a_target("paths", InputPath="$.detail")])
    dump = esprestack(*DUMP)
    assert _names(dump.out) == ["fine"]
    assert dump.err == "note: `paths` is left out: a config can't say its target's InputPath\n"


@pytest.mark.of_rules
def test_further_targets_are_named(esprestack: Esprestack, account: Account) -> None:
    queue = {"Id": "copy", "Arn": arn("sqs", "copies")}
    account.has_rule("nightly", targets=[a_target("nightly"), queue])
    dump = esprestack(*DUMP)
    assert _names(dump.out) == ["nightly"]
    assert f"note: `nightly` has more targets, which a config can't say: target `copy` ({queue['Arn']})" in dump.err


def test_a_cluster_can_be_given_by_its_arn(esprestack: Esprestack, account: Account) -> None:
    account.has_rule("nightly")
    said = esprestack("dump", "--cluster", arn("ecs", f"cluster/{CLUSTER}"), "--region", REGION)
    assert yaml.safe_load(said.out)["cluster"] == CLUSTER


def test_an_empty_cluster_is_an_empty_config(esprestack: Esprestack) -> None:
    said = esprestack(*DUMP)
    assert (said.code, yaml.safe_load(said.out)["rules"]) == (0, [])


def test_texts_that_look_like_templates_come_back_as_they_are(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("nightly", Description="{{ not }} a {% template %}, nor {# that #}")
    dump = esprestack(*DUMP)
    assert dump.code == 0
    folder.write(dump.out)
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, "")


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN"])
def test_values_under_a_secrets_name_become_look_ups(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch, name: str
) -> None:
    override = f'{{"containerOverrides":[{{"name":"app","environment":[{{"name":"{name}","value":"hunter22"}}]}}]}}'
    account.has_rule("nightly", targets=[a_target("nightly", Input=override)])
    dump = esprestack(*DUMP)
    assert "hunter22" not in dump.out + dump.err
    assert f'{{{{ secret("{name}") }}}}' in dump.out
    assert f"note: the config reads the secret `{name}`: add it before you use the file\n" in dump.err
    folder.write(dump.out)
    environment.setenv("ESPRESTACK_SECRETS", f'{{"{name}": "hunter22"}}')
    assert esprestack("diff", "--exit-code").code == 0


def _names(text: str) -> list[str]:
    return [rule["name"] for rule in yaml.safe_load(text)["rules"]]
