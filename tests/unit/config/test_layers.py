"""`defaults:` and `extends:`: what goes over what, and that every place is the one of the file that says so."""

from pathlib import Path

import pytest
from tests.unit.config.builders import NOW, SCOPE, Given

from esprestack.config.desired import Desired, desired_rules
from esprestack.config.examine import check
from esprestack.config.load import Surroundings, prepare
from esprestack.errors import ConfigError

BASE = """\
cluster: batch
defaults:
  taskDefinition: reports
  launch_type: FARGATE
  group: nightly
  network_configuration:
    aws_vpc_configuration:
      subnets: [subnet-1, subnet-2]
  containerOverrides:
  - name: app
    environment: {TZ: UTC}
rules:
- name: plain
  scheduleExpression: rate(1 day)
- name: other
  scheduleExpression: rate(1 hour)
  launchType: EC2
  group:
  network_configuration:
    awsvpcConfiguration: {subnets: [subnet-9]}
  containerOverrides:
  - name: other
"""


def desired(folder: Path, name: str = "ecschedule.yaml", **files: str) -> list[Desired]:
    for file, text in files.items():
        path = folder / f"{file.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    given = Given(env={"STAGE": "dev"})
    return desired_rules(check(prepare(folder / name, Surroundings(folder, given.lookups)), given.vault), SCOPE, NOW)


def problems(folder: Path, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        desired(folder, **files)
    return [str(problem) for problem in error.value.problems]


def test_a_rule_has_the_defaults_that_it_does_not_set(tmp_path: Path) -> None:
    plain, _ = desired(tmp_path, ecschedule=BASE)
    target = plain.rule.target
    assert target
    assert (target.task_definition, target.launch_type, target.group) == ("reports", "FARGATE", "nightly")
    assert target.network_configuration
    assert target.network_configuration.subnets == ("subnet-1", "subnet-2")
    assert target.container_overrides[0].environment == (("TZ", "UTC"),)


def test_what_a_rule_sets_goes_over_the_defaults(tmp_path: Path) -> None:
    """Whatever the spelling; lists are replaced, and an empty value takes a default away."""
    _, other = desired(tmp_path, ecschedule=BASE)
    target = other.rule.target
    assert target
    assert (target.launch_type, target.group) == ("EC2", "")
    assert target.network_configuration
    assert target.network_configuration.subnets == ("subnet-9",)
    assert [override.name for override in target.container_overrides] == ["other"]


def test_names_below_environment_are_the_users_own(tmp_path: Path) -> None:
    text = """\
cluster: batch
defaults: {taskOverride: {cpu: '256'}, tags: {launch_type: a, x: b}}
rules:
- {name: a, scheduleExpression: rate(1 day), taskDefinition: t, tags: {launchType: c, x: d}, taskOverride: {memory: '512'}}
"""
    (rule,) = desired(tmp_path, ecschedule=text)
    assert rule.rule.target
    assert rule.rule.target.tags == (("launchType", "c"), ("launch_type", "a"), ("x", "d"))
    assert (rule.rule.target.task_override.cpu, rule.rule.target.task_override.memory) == ("256", "512")


def test_a_mistake_in_the_defaults_is_told_once_where_it_stands(tmp_path: Path) -> None:
    assert problems(tmp_path, ecschedule=BASE.replace("group: nightly", "gruop: nightly")) == [
        "ecschedule.yaml:5:3: `gruop` is not a key of a rule (did you mean `group`?)"
    ]


def test_defaults_must_be_a_mapping(tmp_path: Path) -> None:
    text = "cluster: batch\ndefaults: [a]\nrules: []\n"
    assert problems(tmp_path, ecschedule=text) == [
        "ecschedule.yaml:2:11: `defaults` must be a mapping (write keys and values below it)"
    ]


def test_a_file_extends_another(tmp_path: Path) -> None:
    dev = """\
extends: ../base.yaml
cluster: dev
defaults: {group: dev}
rules:
- name: other
  taskDefinition: others:7
- name: added
  scheduleExpression: rate(2 days)
"""
    rules = desired(tmp_path, "dev/ecschedule.yaml", base=BASE, dev__ecschedule=dev)
    assert [item.rule.name for item in rules] == ["plain", "other", "added"]
    plain, other, added = (item.rule.target for item in rules)
    assert plain
    assert other
    assert added
    assert (plain.task_definition, plain.group) == ("reports", "dev")
    assert (other.task_definition, other.group, other.launch_type) == ("others:7", "", "EC2")
    assert added.task_definition == "reports"


def test_every_place_is_in_the_file_that_says_so(tmp_path: Path) -> None:
    dev = "extends: base.yaml\nrules:\n- name: other\n  taskDefinition: others\n"
    plain, other = desired(tmp_path, base=BASE, ecschedule=dev)
    assert str(plain.place("scheduleExpression")) == "base.yaml:14:23"
    assert str(plain.place("launch_type")) == "base.yaml:4:16"
    assert str(other.place("taskDefinition")) == "ecschedule.yaml:4:19"
    assert str(other.place("launchType")) == "base.yaml:17:15"
    assert str(other.place()) == "ecschedule.yaml:3:9"


def test_a_mistake_below_is_told_where_it_stands(tmp_path: Path) -> None:
    broken = BASE.replace("rate(1 hour)\n", "rate(1 hour)\n  descripton: x\n")
    assert problems(tmp_path, base=broken, ecschedule="extends: base.yaml\n") == [
        "base.yaml:17:3: `descripton` is not a key of a rule (did you mean `description`?)"
    ]


def test_files_extend_each_other_over_several_steps_with_templates(tmp_path: Path) -> None:
    files = {
        "base": BASE,
        "stage": "extends: base.yaml\ndefaults: {group: stage}\n",
        "ecschedule": "extends: {{ env `NO` `stage` }}.yaml\nrules: [{name: plain, description: {{ must_env('STAGE') }}}]\n",
    }
    plain, _ = desired(tmp_path, **files)
    assert plain.rule.target
    assert (plain.rule.description, plain.rule.target.group) == ("dev", "stage")


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        ("/etc/passwd", "`extends: /etc/passwd` leaves the folder"),
        ("../../other.yaml", "`extends: ../../other.yaml` leaves the folder"),
        ("missing.yaml", "`extends: missing.yaml`: there is no such file (paths count from this file)"),
        ("ecschedule.yaml", "more than 5 files extend each other (one file extends the other in a circle)"),
    ],
)
def test_what_cannot_be_extended_is_refused(tmp_path: Path, extends: str, problem: str) -> None:
    (said,) = problems(tmp_path, ecschedule=f"extends: {extends}\ncluster: batch\n")
    assert said.startswith("ecschedule.yaml:1:10: ")
    assert problem in said


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(BASE)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (said,) = problems(tmp_path / "inside", ecschedule="extends: link.yaml\n")
    assert "`extends: link.yaml` leaves the folder" in said


# -- disabled until --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "enabled"),
    [
        ("2025-12-31", True),
        ("2026-01-01", True),
        ("2026-01-02", False),
        ("2026-01-01T00:00:01Z", False),
        ("2026-01-01T08:59:59+09:00", True),
        ("2026-01-01T09:00:01+09:00", False),
    ],
)
def test_a_rule_is_disabled_until_a_moment(tmp_path: Path, until: str, enabled: bool) -> None:
    plain, _ = desired(tmp_path, ecschedule=BASE.replace("rate(1 day)", f"rate(1 day)\n  disabled: {{until: {until}}}"))
    assert plain.rule.enabled is enabled


@pytest.mark.parametrize("until", ["tomorrow", "2026-13-01", "[2026-01-01]", "1767225600000000"])
def test_what_is_no_moment_is_told(tmp_path: Path, until: str) -> None:
    text = BASE.replace("rate(1 day)", f"rate(1 day)\n  disabled: {{until: {until}}}")
    (problem,) = problems(tmp_path, ecschedule=text)
    assert problem.startswith("ecschedule.yaml:15:21: `disabled.until` must be a date like 2026-12-31")
