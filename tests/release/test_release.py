"""What a release is made of: the image's line in action.yml, and the action for runners without Docker."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.action.conftest import CONFIG, SECRETS, register
from tests.support.aws_front import AwsFront
from tests.support.github_events import pull_request
from tests.support.runner import Runner

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'0a' * 32}"
ACTION = (ROOT / "action.yml").read_text()


@pytest.fixture
def pin_image() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pin_image", ROOT / ".ci/pin_image.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_released_action_names_the_image_by_tag_and_digest(pin_image: ModuleType) -> None:
    text = pin_image.pinned(ACTION, "1.2.3", DIGEST)
    image = yaml.safe_load(text)["runs"]["image"]
    assert image == f"docker://ghcr.io/esprestack/esprestack:v1.2.3@{DIGEST}"
    assert text.replace(image, "Dockerfile") == ACTION


@pytest.mark.parametrize(("version", "digest"), [("v1.2.3", DIGEST), ("1.2", DIGEST), ("1.2.3", "sha256:12"), ("", "")])
def test_what_is_no_version_or_digest_is_refused(pin_image: ModuleType, version: str, digest: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        pin_image.pinned(ACTION, version, digest)


def test_an_action_that_is_pinned_already_is_refused(pin_image: ModuleType) -> None:
    with pytest.raises(ValueError, match="has no line"):
        pin_image.pinned(pin_image.pinned(ACTION, "1.2.3", DIGEST), "1.2.4", DIGEST)


def test_main_builds_the_dockerfile() -> None:
    assert yaml.safe_load(ACTION)["runs"] == {"using": "docker", "image": "Dockerfile"}


def test_the_action_without_docker_has_the_same_inputs_and_outputs() -> None:
    docker, composite = yaml.safe_load(ACTION), yaml.safe_load((ROOT / "no-docker/action.yml").read_text())
    assert composite["inputs"] == docker["inputs"]
    described = {name: item["description"] for name, item in docker["outputs"].items()}
    assert {name: item["description"] for name, item in composite["outputs"].items()} == described
    for step in composite["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "an input within a script could be a script"


def test_the_action_without_docker_hands_its_inputs_to_the_same_program(tmp_path: Path) -> None:
    steps = yaml.safe_load((ROOT / "no-docker/action.yml").read_text())["runs"]["steps"]
    with AwsFront() as aws:
        aws.reset()
        register(aws, "reports")
        runner = Runner(tmp_path, aws_url=aws.url)
        (runner.workspace / "ecschedule.yaml").write_text(CONFIG)
        begun = runner.begin("pull_request", pull_request(), {"secrets": SECRETS, "comment": "off"})
        docker = begun.finish()
        variables = runner.variables("pull_request", pull_request())
        given = {"secrets": SECRETS, "comment": "off", "matrix": "null", "github-token": "made-up-token"}
        defaults = {name: item.get("default", "") for name, item in yaml.safe_load(ACTION)["inputs"].items()}
        for name, expression in steps[-1]["env"].items():
            if found := re.fullmatch(r"\$\{\{ inputs\.(\S+) \}\}", expression):
                variables[name] = str((defaults | given)[found[1]])
        variables |= {"PYTHON": sys.executable, "GITHUB_ACTION_PATH": str(ROOT / "no-docker")}
        done = subprocess.run(
            ["bash", "-e", "-c", steps[-1]["run"]],
            cwd=runner.workspace,
            env=variables | {"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, docker.code) == (0, 0)
    assert "2 to create" in done.stdout
