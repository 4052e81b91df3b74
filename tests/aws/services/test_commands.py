"""diff, drift, validate and render of services, alone and beside rules: what they say, exit with and never write."""

import json
from typing import Any

import pytest
from tests.aws.account import Account, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.services.registry import URL, Registry
from tests.support.aws_front import AwsFront
from tests.support.ecs_services import EcsServices
from tests.unit.services.builders import Checkout, a_container, a_service_definition, a_task_definition

PASSWORD = "pa\"ss: w0rd'\nsecond line"


@pytest.fixture
def deployed(checkout: Checkout, services: EcsServices) -> EcsServices:
    """The service is what its files say."""
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()))
    return services


# -- diff ------------------------------------------------------------------------------------------------------


def test_a_service_that_is_not_there_is_to_be_created(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    said = esprestack("diff", "--exit-code")
    assert (said.code, said.err) == (2, "")
    assert "+ create task definition web\n" in said.out
    assert "+ create service web\n" in said.out
    assert said.out.endswith("\n2 to create\n")
    assert front.writes() == []


def test_a_service_that_is_what_its_files_say_has_no_changes(esprestack: Esprestack, deployed: EcsServices) -> None:
    said = esprestack("diff", "--exit-code")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("\nNo changes: AWS is what the config says (2 unchanged)\n")


def test_a_service_that_differs_is_told_with_its_fields_images_and_risks(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices, registry: Registry, front: AwsFront
) -> None:
    old = registry.has_image("app", "1")
    new = registry.has_image("app", "2")
    revision = services.has_revision(a_task_definition(a_container(image=f"{URL}/app:1")))
    services.has_service(a_service_definition(), revision, digests={"app": old})
    checkout.task(a_task_definition(a_container(image=f"{URL}/app:2")))
    checkout.service(a_service_definition(desiredCount=3))
    front.clear()
    said = esprestack("diff", "--exit-code")
    assert (said.code, said.err) == (2, "")
    assert "~ update task definition web: containerDefinitions[app].image\n" in said.out
    assert f"note: `app`: `{URL}/app:1` ({old[:19]}) → `{URL}/app:2` ({new[:19]})\n" in said.out
    assert "~ update service web: desiredCount\n" in said.out
    assert "note: every task is replaced (2 running)\n" in said.out
    assert written(front) == []


def test_an_image_that_was_never_pushed_stops_a_diff_unless_it_is_allowed(
    esprestack: Esprestack, checkout: Checkout, deployed: EcsServices
) -> None:
    checkout.task(a_task_definition(a_container(image=f"{URL}/app:9")))
    said = esprestack("diff")
    assert said.code == 1
    assert said.err == (
        f"error: task.json:8:16: the image of `app` isn't in ECR: `{URL}/app:9` "
        "(push it first, or mend the tag) [image-missing]\n"
    )
    assert esprestack("diff", "--allow", "image-missing").code == 0


def test_what_is_for_good_is_a_conflict(esprestack: Esprestack, checkout: Checkout, services: EcsServices) -> None:
    services.has_service(a_service_definition(launchType="EC2"), services.has_revision(a_task_definition()))
    said = esprestack("diff")
    assert said.code == 1
    assert (
        "! conflict service web (`launchType` is `EC2` for good, it can't become `FARGATE`): launchType\n" in said.out
    )
    assert "error: service.json:2:17: `launchType` is `EC2` for good" in said.err


def test_services_and_rules_of_one_folder_are_planned_together(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices, folder: Folder, front: AwsFront
) -> None:
    services.has_revision({"family": "app", "containerDefinitions": [{"name": "app"}]})
    folder.config(a_rule("nightly"))
    said = esprestack("diff", "--format", "json")
    assert said.code == 0
    report = json.loads(said.out)
    assert [(plan["config"], plan["kind"]) for plan in report["plans"]] == [
        ("ecschedule.yaml", "rules"),
        ("ecspresso.yml", "service"),
    ]
    assert report["summary"]["create"] == 3
    markdown = esprestack("diff", "--format", "markdown").out
    assert "| `nightly` | create |" in markdown
    assert "| `service web` | create |" in markdown
    assert front.writes() == []


def test_a_config_is_known_by_what_it_says_whatever_it_is_called(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices
) -> None:
    (checkout.root / "ecspresso.yml").rename(checkout.root / "prod.yml")
    assert "+ create service web\n" in esprestack("diff", "-c", "prod.yml").out


def test_several_services_are_planned_in_one_run(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    text = (checkout.root / "ecspresso.yml").read_text()
    checkout.write("worker.yml", text.replace("service: web", "service: worker"))
    said = esprestack("diff", "-c", "ecspresso.yml", "-c", "worker.yml")
    assert said.code == 0
    assert "+ create service web\n" in said.out
    assert "+ create service worker\n" in said.out
    assert front.operations()["GetCallerIdentity"] == 1


def test_one_service_in_two_configs_is_an_error(esprestack: Esprestack, checkout: Checkout) -> None:
    checkout.write("again.yml", (checkout.root / "ecspresso.yml").read_text())
    said = esprestack("diff", "-c", "ecspresso.yml", "-c", "again.yml")
    assert (said.code, said.err) == (
        1,
        "error: again.yml: the service `web` stands in two configs, first in ecspresso.yml (remove one)\n",
    )


def test_everything_that_is_wrong_with_both_kinds_is_told_at_once(
    esprestack: Esprestack, checkout: Checkout, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule("nightly", descripton="x"))
    checkout.service(a_service_definition(lauchType="FARGATE"))
    said = esprestack("diff")
    assert said.code == 1
    assert "`descripton` is not a key of a rule" in said.err
    assert "`lauchType` is not a member of CreateServiceRequest (did you mean `launchType`?)" in said.err
    assert front.writes() == []


def test_a_cluster_of_another_account_is_refused(esprestack: Esprestack, checkout: Checkout) -> None:
    text = (checkout.root / "ecspresso.yml").read_text()
    elsewhere = "arn:aws:ecs:eu-central-1:999999999999:cluster/shop"
    checkout.write("ecspresso.yml", text.replace("cluster: shop", f"cluster: {elsewhere}"))
    said = esprestack("diff")
    assert said.code == 1
    assert "error: ecspresso.yml: the cluster is not in eu-central-1 of account 123456789012" in said.err


def test_findings_stop_a_diff_and_can_be_allowed(
    esprestack: Esprestack, checkout: Checkout, deployed: EcsServices
) -> None:
    checkout.service(a_service_definition(networkConfiguration=None))
    said = esprestack("diff")
    assert said.code == 1
    assert "[network-missing]" in said.err
    assert "[network-missing]" not in esprestack("diff", "--allow", "network-missing").err


# -- apply and the other commands of rules ---------------------------------------------------------------------


def test_an_apply_leaves_services_alone_and_says_so(
    esprestack: Esprestack, checkout: Checkout, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    checkout.write("task.json", "this isn't even read")
    said = esprestack("apply")
    assert said.code == 0
    assert "note: ecspresso.yml describes a service, which `apply` leaves alone\n" in said.err
    assert account.names() == ["nightly"]
    assert "DescribeServices" not in front.operations()


@pytest.mark.parametrize("command", [("apply",), ("iam",)])
def test_a_command_of_rules_needs_rules(esprestack: Esprestack, checkout: Checkout, command: tuple[str, ...]) -> None:
    said = esprestack(*command)
    assert said.code == 1
    assert "error: there are no rules here, only a service: ecspresso.yml (name a config with rules" in said.err


def test_who_selects_rules_means_no_service(
    esprestack: Esprestack, checkout: Checkout, folder: Folder, front: AwsFront
) -> None:
    alone = esprestack("diff", "--rule", "nightly")
    assert (alone.code, "there are no rules here" in alone.err) == (1, True)
    folder.config(a_rule("nightly"))
    assert esprestack("diff", "--rule", "nightly").out.endswith("\n1 to create\n")
    assert "DescribeServices" not in front.operations()


# -- drift -----------------------------------------------------------------------------------------------------


def test_a_service_that_differs_is_drift(
    esprestack: Esprestack, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    services.has_service(a_service_definition(desiredCount=5), services.has_revision(a_task_definition()))
    said = esprestack("drift")
    assert (said.code, said.err) == (2, "")
    assert "~ update service web: desiredCount\n" in said.out
    ignored = esprestack("drift", "--drift-ignore", "service web:desiredCount")
    assert ignored.code == 0
    assert front.writes() == []


def test_a_service_that_is_as_it_should_be_is_no_drift(esprestack: Esprestack, deployed: EcsServices) -> None:
    assert esprestack("drift").code == 0


# -- validate --------------------------------------------------------------------------------------------------


def test_validate_tells_everything_without_asking_aws(
    esprestack: Esprestack, checkout: Checkout, front: AwsFront
) -> None:
    checkout.task(
        a_task_definition(a_container(mountPoints=[{"sourceVolume": "d", "containerPath": "/d"}]), memory="256")
    )
    said = esprestack("validate", "--offline")
    assert said.code == 1
    assert said.out == "2 to mend, 0 warnings\n"
    assert [line.rpartition("[")[2] for line in said.err.splitlines()] == ["no-such-volume]", "fargate-size]"]
    assert front.calls == []


def test_a_config_that_is_fine_is_fine(esprestack: Esprestack, checkout: Checkout) -> None:
    assert esprestack("validate").out == "The configs are fine\n"


def test_findings_of_services_are_in_sarif_too(esprestack: Esprestack, checkout: Checkout) -> None:
    checkout.task(a_task_definition(a_container(mountPoints=[{"sourceVolume": "d", "containerPath": "/d"}])))
    sarif = json.loads(esprestack("validate", "--format", "sarif").out)
    (run,) = sarif["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["no-such-volume"]


def test_warnings_can_be_allowed(esprestack: Esprestack, checkout: Checkout) -> None:
    text = (checkout.root / "ecspresso.yml").read_text()
    checkout.write("ecspresso.yml", f"{text}required_version: '>= 2'\n")
    assert esprestack("validate").out == "0 to mend, 1 warning\n"
    assert esprestack("validate", "--allow", "required-version").out == "The configs are fine\n"


# -- render and secrets ----------------------------------------------------------------------------------------


def with_secrets(checkout: Checkout, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"SEALED": PASSWORD}))
    environment.setenv("BY_NAME", "only-its-name-tells")
    container = a_container(
        environment=[
            {"name": "DB_URL", "value": "{{ secret(`SEALED`) }}"},
            {"name": "DB_PASSWORD", "value": "{{ must_env(`BY_NAME`) }}"},
            {"name": "TZ", "value": "UTC"},
        ]
    )
    checkout.task(a_task_definition(container))


def test_render_prints_the_config_and_its_definitions_without_secrets(
    esprestack: Esprestack, checkout: Checkout, environment: pytest.MonkeyPatch
) -> None:
    with_secrets(checkout, environment)
    said = esprestack("render")
    assert said.code == 0
    assert said.err.splitlines() == ["# ecspresso.yml", "# task.json", "# service.json"]
    assert '"value": "UTC"' in said.out
    assert said.out.count('"value": "(secret)"') == 2
    assert "w0rd" not in said.out
    assert "only-its-name-tells" not in said.out


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_no_report_of_a_service_holds_a_secret(
    form: str, esprestack: Esprestack, checkout: Checkout, services: EcsServices, environment: pytest.MonkeyPatch
) -> None:
    with_secrets(checkout, environment)
    old = a_container(
        environment=[{"name": "DB_URL", "value": "the-old-secret"}, {"name": "DB_PASSWORD", "value": "old-pass"}]
    )
    services.has_service(a_service_definition(), services.has_revision(a_task_definition(old)))
    said = esprestack("diff", "--format", form)
    assert said.code == 0
    for secret in ("w0rd", "second line", "only-its-name-tells", "the-old-secret", "old-pass"):
        assert secret not in said.out
        assert secret not in said.err
    assert "(secret" in said.out


def test_what_cannot_be_rendered_is_told_for_all_files(esprestack: Esprestack, checkout: Checkout) -> None:
    checkout.task(a_task_definition(cpu="{{ must_env(`A`) }}"))
    checkout.service(a_service_definition(propagateTags="{{ must_env(`B`) }}"))
    said = esprestack("render")
    assert said.code == 1
    assert len(said.err.splitlines()) == 2


# -- which calls -----------------------------------------------------------------------------------------------


def test_a_plan_makes_few_calls_and_none_that_writes(
    esprestack: Esprestack, checkout: Checkout, deployed: EcsServices, front: AwsFront
) -> None:
    front.clear()
    esprestack("diff")
    calls: dict[str, Any] = dict(front.operations())
    assert calls == {
        "GetCallerIdentity": 1,
        "DescribeServices": 1,
        "DescribeTaskDefinition": 1,
        "DescribeServiceRevisions": 1,
        "DescribeScalableTargets": 1,
    }
