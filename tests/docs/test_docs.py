"""The documentation is true: what it shows is what the code, the action and the Makefile have."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(
    [
        *(ROOT / "examples/workflows").glob("*.yml"),
        *(ROOT / ".github/workflows").glob("*.yml"),
        ROOT / "examples/service/workflow.yml",
    ]
)
MAIN = ROOT / "examples/workflows/esprestack.yml"
ACTIONS = [ROOT / "action.yml", ROOT / "no-docker/action.yml"]
TOOLS = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_generated_parts_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.stale() == [], "run `make docs`"


def test_the_readmes_workflow_has_at_most_forty_lines() -> None:
    assert len(MAIN.read_text().splitlines()) <= 40
    assert MAIN.read_text() in (ROOT / "README.md").read_text()


def test_the_two_commands_come_first_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert re.findall(r"make \w+", text)[:2] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"(?:^|[`$ ])make ([a-z]+)", (ROOT / name).read_text(), re.MULTILINE))
        assert named - {"it"} <= targets | {"are", "a"}, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_follow_githubs_schema(path: Path) -> None:
    done = run(str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", ACTIONS, ids=str)
def test_the_action_follows_githubs_schema(path: Path) -> None:
    done = run(str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_has_nothing_to_say() -> None:
    paths = [str(path) for path in (*WORKFLOWS, *ACTIONS)]
    done = run(str(TOOLS / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic", *paths)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint isn't installed here (it comes with Go)")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_has_nothing_to_say(path: Path) -> None:
    done = run("actionlint", str(path))
    assert done.returncode == 0, done.stdout


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "README.ja.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_architectures_modules_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    source = ROOT / "src/esprestack"
    files = {str(path.relative_to(source)) for path in source.rglob("*.py")}
    for name in re.findall(r"[`\">]([a-z_/]+\.py)", text):
        assert any(file == name or file.endswith(f"/{name}") for file in files), name


def test_every_input_is_read_and_every_output_is_written() -> None:
    import yaml

    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = (ROOT / "src/esprestack/github/inputs.py").read_text()
    step = "".join((ROOT / "src/esprestack" / name).read_text() for name in ("action.py", "telling.py"))
    assert [name for name in action["inputs"] if f'"{name}"' not in inputs] == []
    assert [name for name in action["outputs"] if f'"{name}"' not in step] == []


def test_the_example_follows_the_published_schema() -> None:
    import json

    import yaml
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "docs/config.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    environ = {"ESPRESTACK_SECRETS": '{"MARKETPLACE_TOKEN": "x", "REPORT_DB_PASSWORD": "y"}', "PATH": ""}
    done = subprocess.run(
        [str(TOOLS / "esprestack"), "render", "-c", "examples/demo/ecschedule.yaml"],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    Draft202012Validator(schema).validate(yaml.safe_load(done.stdout))


def test_the_version_is_told_without_the_heavy_imports() -> None:
    look = "import sys; sys.argv[1:] = ['--version']; from esprestack.__main__ import main; main()"
    done = run(sys.executable, "-c", f"{look}; print(sorted(sys.modules))")
    loaded = done.stdout
    assert done.stdout.startswith("esprestack 0.1.0")
    for module in ("boto", "jinja2", "github", "pydantic", "click", "yaml"):
        assert f"'{module}" not in loaded


def test_help_and_offline_commands_import_neither_aws_nor_github() -> None:
    look = "import sys; from esprestack.cli import run; run(['--help'])"
    done = run(sys.executable, "-c", f"{look}; print('botocore' in sys.modules, 'github' in sys.modules)")
    assert done.stdout.endswith("False False\n")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", path.read_text())


RECIPES = ROOT / "docs/recipes.md"


@pytest.mark.parametrize("text", [*blocks(RECIPES, "yaml"), *blocks(ROOT / "docs/drift.md", "yaml")])
def test_recipes_are_yaml_and_use_only_what_the_action_has(text: str) -> None:
    import textwrap

    import yaml

    found = yaml.safe_load(textwrap.dedent(text))
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]

    def steps(value: object) -> list[dict[str, object]]:
        if isinstance(value, dict):
            return [value, *(step for item in value.values() for step in steps(item))]
        return [step for item in value for step in steps(item)] if isinstance(value, list) else []

    for step in steps(found):
        if str(step.get("uses", "")).startswith("esprestack/"):
            given = step.get("with", {})
            assert isinstance(given, dict)
            assert set(given) <= set(inputs)


@pytest.mark.parametrize("text", blocks(RECIPES, "json"))
def test_policies_in_recipes_are_json(text: str) -> None:
    import json

    assert json.loads(text)


def test_the_japanese_readme_has_the_same_commands_workflow_and_links() -> None:
    english, japanese = ROOT / "README.md", ROOT / "README.ja.md"
    for language in ("console", "yaml", "diff"):
        assert [re.sub(r"#.*", "", text) for text in blocks(japanese, language)] == [
            re.sub(r"#.*", "", text) for text in blocks(english, language)
        ]
    links = r"\]\(([^)]+)\)"
    one, other = (set(re.findall(links, path.read_text())) for path in (english, japanese))
    assert one - {"README.ja.md"} == other - {"README.md"}
    for pattern in (r"(?m)^##? ", r"(?m)^\| ", r"(?m)^\* ", r"(?m)^\d\. ", r"(?m)^> \|"):
        counts = [len(re.findall(pattern, path.read_text())) for path in (english, japanese)]
        assert counts[0] == counts[1], pattern
