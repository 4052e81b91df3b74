"""examples/service: what people copy is right, is planned as it says, and needs no more than docs/services.md allows."""

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.aws.account import ACCOUNT, client_past
from tests.aws.conftest import Esprestack
from tests.aws.services.registry import Registry
from tests.support.aws_front import AwsFront
from tests.support.ecs_services import EcsServices

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/service"
TOKYO = "ap-northeast-1"
URL = f"{ACCOUNT}.dkr.ecr.{TOKYO}.amazonaws.com"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: pytest.MonkeyPatch) -> Path:
    """The example as the working folder, for the image that a build has made."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    environment.setenv("IMAGE_TAG", "v2")
    return tmp_path


@pytest.fixture
def tokyo(front: AwsFront) -> Registry:
    return Registry(client_past(front, "ecr", TOKYO))


def definitions(esprestack: Esprestack) -> tuple[dict[str, Any], dict[str, Any]]:
    """Task and service definition as they are rendered."""
    texts = re.split(r"^# .*\n", esprestack("render").out, flags=re.MULTILINE)
    found = json.JSONDecoder()
    out = "".join(texts)
    task, end = found.raw_decode(out, out.index("{"))
    service, _ = found.raw_decode(out, out.index("{", end))
    return task, service


def test_the_example_is_right(example: Path, esprestack: Esprestack) -> None:
    assert esprestack("validate", "--offline").out == "The configs are fine\n"


def test_the_example_is_planned_and_once_deployed_makes_no_difference(
    example: Path, tokyo: Registry, esprestack: Esprestack, services: EcsServices, front: AwsFront
) -> None:
    missing = esprestack("diff")
    assert missing.code == 1
    assert f"the image of `app` isn't in ECR: `{URL}/shop/web:v2`" in missing.err
    digest = tokyo.has_image("shop/web", "v2")
    new = esprestack("diff", "--exit-code")
    assert (new.code, new.out.splitlines()[-1]) == (1, "2 to create")
    assert "the service is new, and its file has no `desiredCount`" in new.err
    task, service = definitions(esprestack)
    running = services.has_revision(task)
    services.has_service({**service, "desiredCount": 4}, running, digests={"app": digest})
    assert esprestack("diff", "--exit-code").code == 0
    assert front.writes() == []


def test_the_next_build_is_one_field_and_replaces_every_task(
    example: Path,
    tokyo: Registry,
    esprestack: Esprestack,
    services: EcsServices,
    environment: pytest.MonkeyPatch,
) -> None:
    old, new = tokyo.has_image("shop/web", "v1"), tokyo.has_image("shop/web", "v2")
    environment.setenv("IMAGE_TAG", "v1")
    task, service = definitions(esprestack)
    services.has_service({**service, "desiredCount": 4}, services.has_revision(task), digests={"app": old})
    environment.setenv("IMAGE_TAG", "v2")
    said = esprestack("diff", "--exit-code")
    assert (said.code, said.err) == (2, "")
    assert "~ update task definition web: containerDefinitions[app].image\n" in said.out
    assert f"`{URL}/shop/web:v1` ({old[:19]}) → `{URL}/shop/web:v2` ({new[:19]})" in said.out
    assert "note: every task is replaced (4 running)\n" in said.out
    assert said.out.endswith("\n1 to update, 1 unchanged\n")


def test_the_workflow_hands_over_what_the_files_ask_for() -> None:
    workflow = yaml.safe_load((EXAMPLE / "workflow.yml").read_text())
    (job,) = workflow["jobs"].values()
    step = job["steps"][-1]
    assert step["uses"] == "esprestack/esprestack@v1"
    asked = re.findall(r"must_env `(\w+)`", "".join(path.read_text() for path in EXAMPLE.glob("*.json")))
    assert sorted(step["env"]) == sorted(set(asked))
    assert (EXAMPLE / step["with"]["config"]).is_file()


# -- the policy of docs/services.md ----------------------------------------------------------------------------

PREFIXES = {"elbv2": "elasticloadbalancing"}
READS_OF_ECS = {"ecs:DescribeServices", "ecs:DescribeTaskDefinition"}
"""Of `services.ecs`, which deploys with it too."""
OTHERWISE = {"s3:HeadObject": "s3:GetObject"}


def calls_in(*names: str) -> set[str]:
    """The actions of the calls that stand in these modules of `services`."""
    found = set()
    for name in names:
        tree = ast.parse((ROOT / f"src/esprestack/services/{name}.py").read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) < 2:
                continue
            texts = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
            if node.func.attr in ("call", "pages") and len(texts) == 2:
                service, operation = map(str, texts)
                action = f"{PREFIXES.get(service, service)}:{''.join(word.title() for word in operation.split('_'))}"
                found.add(OTHERWISE.get(action, action))
    return found


def test_the_policy_allows_just_the_calls_that_are_made() -> None:
    text = (ROOT / "docs/services.md").read_text()
    (policy,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    allowed = {statement["Sid"]: set(statement["Action"]) for statement in json.loads(policy)["Statement"]}
    assert allowed["Plan"] | allowed["KnowMore"] == calls_in("live", "images") | READS_OF_ECS
    assert allowed["Verify"] == calls_in("questions")
