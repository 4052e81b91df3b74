"""Live rules written into a config that is there: what differs changes in place, all else stays byte for byte."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.config.builders import NOW, PATH, SCOPE, Given
from tests.unit.strategies import QUICK, rules

from esprestack.config.desired import desired_rules
from esprestack.config.spans import escaped
from esprestack.config.words import to_words
from esprestack.errors import ConfigError
from esprestack.plan.compare import Veil
from esprestack.reports.merge import Merged, merge
from esprestack.rule import ContainerOverride, LiveRule, NetworkConfiguration, Rule, Target, with_texts

Change = Callable[[Rule], Rule | None]


class File:
    """A config, and the live rules that it says."""

    def __init__(self, text: str, path: str = PATH, given: Given | None = None) -> None:
        self.given = given or Given({"STAGE": "prod"}, {"TOKEN": "s3cret-value"})
        self.text = text
        self.path = path
        self.live = {rule.name: with_texts(rule, self.given.vault.open) for rule in self.rules(text)}

    def rules(self, text: str) -> list[Rule]:
        loaded = self.given.load(_as_read(text), self.path)
        return [desired.rule for desired in desired_rules(loaded, SCOPE, NOW)]

    def changed(self, change: Change) -> "File":
        found = [after for rule in self.live.values() if (after := change(rule))]
        self.live = {rule.name: rule for rule in found}
        return self

    def merged(self, *, remove_missing: bool = False, patterns: tuple[str, ...] = ()) -> Merged:
        loaded = self.given.load(_as_read(self.text), self.path)
        live = {name: LiveRule(rule, "batch") for name, rule in self.live.items()}
        desired = desired_rules(loaded, SCOPE, NOW)
        veil = Veil(self.given.vault, patterns)
        return merge(self.text, loaded.prepared, desired, live, SCOPE, veil, remove_missing=remove_missing)

    def settled(self) -> str:
        """The merged text, which says what is live: merged once more it stays as it is."""
        text = self.merged().text
        says = {rule.name: with_texts(rule, self.given.vault.open) for rule in self.rules(text)}
        assert says == {name: _as_far_as(says[name], rule) for name, rule in self.live.items()}
        again = File(text, self.path, self.given)
        again.live = self.live
        assert again.merged() == Merged(text, ())
        return text


def _as_read(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _as_far_as(said: Rule, live: Rule) -> Rule:
    """Tags that a config leaves to others are none of its business."""
    return replace(live, rule_tags=None) if said.rule_tags is None else live


def target_of(rule: Rule, **members: Any) -> Rule:
    assert rule.target
    return replace(rule, target=replace(rule.target, **members))


def container_of(rule: Rule, **members: Any) -> Rule:
    assert rule.target
    (container,) = rule.target.container_overrides
    return target_of(rule, container_overrides=(replace(container, **members),))


FULL = """\
# who: the batch team
cluster: batch   # the only one
rules:

  # every morning
  - name: a       # keep
    scheduleExpression: "rate(1 day)"   # why
    taskDefinition: {{ env "NO" "td" }}
    network_configuration:
        aws_vpc_configuration: {subnets: [s-1, {{ env "X" "s-2" }}], assign_public_ip: ENABLED}
    containerOverrides:
      - name: app
        command: [sh, -c, {{ must_env `STAGE` }}, "x"]
        environment:
          # the zone
          TZ: 'UTC'
          N: 5
          TOKEN: {{ secret("TOKEN") }}
    description: {{ must_env `STAGE` }} stage # yes

  - name: b
    scheduleExpression: rate(2 days)
    taskDefinition: td
# the end
"""


def test_what_is_equal_stays_byte_for_byte() -> None:
    assert File(FULL).merged() == Merged(FULL, ())


def test_only_what_differs_is_written_and_in_the_manner_of_the_file() -> None:
    def change(rule: Rule) -> Rule:
        if rule.name == "b":
            return replace(target_of(rule, task_count=3, role="other"), description="now: this", enabled=False)
        rule = replace(rule, schedule_expression="rate(2 days)")
        network = NetworkConfiguration(("s-2", "s-3", "s-4"), ("sg-1",))
        environment = (("A", "yes"), ("N", "7"), ("TOKEN", "s3cret-value"), ("TZ", "Asia/Tokyo"))
        rule = container_of(rule, command=("sh", "-c", "prod", "y"), environment=environment, cpu=5)
        assert rule.target
        overrides = (*rule.target.container_overrides, ContainerOverride("side", ("a",)))
        return target_of(rule, network_configuration=network, container_overrides=overrides)

    file = File(FULL).changed(change)
    assert file.settled() == """\
# who: the batch team
cluster: batch   # the only one
rules:

  # every morning
  - name: a       # keep
    scheduleExpression: "rate(2 days)"   # why
    taskDefinition: {{ env "NO" "td" }}
    network_configuration:
        aws_vpc_configuration: {subnets: [s-3, {{ env "X" "s-2" }}, s-4], security_groups: [sg-1]}
    containerOverrides:
      - name: app
        command: [sh, -c, {{ must_env `STAGE` }}, "y"]
        environment:
          # the zone
          A: 'yes'
          TZ: 'Asia/Tokyo'
          N: 7
          TOKEN: {{ secret("TOKEN") }}
        cpu: 5
      - name: side
        command: [a]
    description: {{ must_env `STAGE` }} stage # yes

  - name: b
    description: 'now: this'
    scheduleExpression: rate(2 days)
    disabled: true
    taskDefinition: td
    taskCount: 3
    role: other
# the end
"""  # fmt: skip
    assert file.merged().notes[1] == "`b` now says what AWS has in description, disabled, role, taskCount"


def test_what_aws_does_not_have_goes_with_its_line_and_nothing_else() -> None:
    def change(rule: Rule) -> Rule:
        return container_of(replace(rule, description=""), command=(), environment=(("N", "5"),))

    file = File(FULL).changed(lambda rule: change(rule) if rule.name == "a" else rule)
    gone = ["command: [sh", "TZ:", "TOKEN:", "description:"]
    assert file.settled() == "".join(line for line in FULL.splitlines(True) if not any(key in line for key in gone))


def test_new_rules_stand_at_the_end_by_name_in_the_manner_of_the_file() -> None:
    file = File(FULL)
    file.live |= {name: Rule(name, "rate(1 hour)", Target(name, "td")) for name in ("z", "0")}
    entry = "\n  - name: {}\n    scheduleExpression: rate(1 hour)\n    taskDefinition: td\n"
    assert file.settled() == FULL.replace("# the end", entry.format("'0'") + entry.format("z") + "# the end")
    assert file.merged().notes == ("`0` is new", "`z` is new")


def test_rules_that_aws_does_not_have_stay_unless_they_are_to_go() -> None:
    file = File(FULL).changed(lambda rule: rule if rule.name == "b" else None)
    assert file.merged() == Merged(FULL, ("`a` isn't in AWS: kept",))
    merged = file.merged(remove_missing=True)
    assert merged.notes == ("`a` isn't in AWS: removed",)
    assert merged.text == FULL[: FULL.index("\n  - name: a")] + FULL[FULL.index("\n\n  - name: b") :]


def test_all_rules_can_go() -> None:
    file = File(FULL).changed(lambda _: None)
    merged = file.merged(remove_missing=True).text
    assert yaml.safe_load(merged) == {"cluster": "batch", "rules": []}


@pytest.mark.parametrize(
    "text", ["cluster: batch # x\n", "cluster: batch # x\nrules:\n", "cluster: batch # x\nrules: []"]
)
def test_a_file_without_rules_gets_the_live_ones(text: str) -> None:
    file = File(text)
    file.live = {"a": Rule("a", "rate(1 day)", Target("a", "td"))}
    written = "- name: a\n  scheduleExpression: rate(1 day)\n  taskDefinition: td"
    assert file.settled().rstrip("\n").startswith("cluster: batch # x\nrules:")
    assert yaml.safe_load(file.settled())["rules"] == yaml.safe_load(written)


SAME = """\
cluster: batch
role: arn:aws:iam::123456789012:role/ecsEventsRole
rules:
- name: a
  schedule_expression: rate(1 day)
  taskDefinition: arn:aws:ecs:eu-west-1:123456789012:task-definition/td:1
  targetId: a
  taskCount: 1
  disabled: false
  networkConfiguration: {awsvpcConfiguration: {subnets: [b, a], assignPublicIp: DISABLED}}
  containerOverrides: [{name: z}, {name: a, environment: {N: 010}}]
"""


def test_another_way_to_say_the_same_is_no_difference() -> None:
    assert File(SAME).merged() == Merged(SAME, ())


def test_a_key_keeps_its_spelling() -> None:
    network = NetworkConfiguration(("a", "b"), assign_public_ip="ENABLED")
    file = File(SAME).changed(lambda rule: target_of(rule, network_configuration=network))
    assert file.settled() == SAME.replace("assignPublicIp: DISABLED", "assignPublicIp: ENABLED")


SHARED = """\
cluster: batch
common: &common
  launch_type: FARGATE
  network_configuration: &net
    aws_vpc_configuration: {subnets: [s-1]}
rules:
- <<: *common
  name: a
  scheduleExpression: rate(1 day)
  taskDefinition: td
- name: b
  scheduleExpression: rate(2 days)
  taskDefinition: td
  network_configuration: *net
"""


def test_what_comes_from_an_anchor_and_differs_is_said_by_the_rule_itself() -> None:
    network = NetworkConfiguration(("s-9",))
    file = File(SHARED).changed(lambda rule: target_of(rule, network_configuration=network, launch_type=""))
    said = "  network_configuration:\n    aws_vpc_configuration:\n      subnets: [s-9]\n"
    assert file.settled() == SHARED.replace(
        "taskDefinition: td\n- name", f"taskDefinition: td\n{said}  launch_type: null\n- name"
    ).replace("  network_configuration: *net\n", said)


LENT = """\
cluster: batch
rules:
- &base
  name: a
  scheduleExpression: rate(1 day)
  taskDefinition: td
  group: &group g # grp
- <<: *base
  name: b
  targetId: x
  referenceId: *group
"""


def test_a_rule_that_lends_its_anchor_changes_and_the_next_merge_mends_the_borrower() -> None:
    file = File(LENT).changed(lambda rule: target_of(rule, group="h") if rule.name == "a" else rule)
    first = file.merged().text
    assert first == LENT.replace("&group g", "&group h")
    again = File(first)
    again.live = file.live
    assert again.settled() == first.replace("x\n  referenceId: *group", "x\n  group: g\n  referenceId: g")


def test_an_anchor_that_others_use_is_not_taken_away() -> None:
    file = File(LENT).changed(lambda rule: target_of(rule, group="") if rule.name == "a" else rule)
    assert file.merged() == Merged(LENT, ("`a`: group can't be taken away: other rules use its anchor",))
    file = File(LENT).changed(lambda rule: rule if rule.name == "b" else None)
    kept = "`a` isn't in AWS: kept because other rules use its anchor"
    assert file.merged(remove_missing=True) == Merged(LENT, (kept,))


DEFAULTS = """\
cluster: batch
defaults:
  launch_type: FARGATE
  taskOverride: {cpu: 256, memory: 512}
  tags: {team: red}
rules:
- {name: a, scheduleExpression: rate(1 day), taskDefinition: td}
"""


def test_what_comes_from_the_defaults_and_differs_is_said_by_the_rule_itself() -> None:
    def change(rule: Rule) -> Rule:
        assert rule.target
        return target_of(rule, launch_type="", task_override=replace(rule.target.task_override, memory="", cpu="512"))

    settled = File(DEFAULTS).changed(change).settled()
    assert settled == DEFAULTS.replace(
        "taskDefinition: td}", "taskDefinition: td, taskOverride: {cpu: '512', memory: null}, launch_type: null}"
    )


def test_a_name_from_the_defaults_cannot_be_taken_away() -> None:
    file = File(DEFAULTS).changed(lambda rule: target_of(rule, tags=(("cost", "7"),)))
    merged = file.merged()
    assert merged.text == DEFAULTS.replace("taskDefinition: td}", "taskDefinition: td, tags: {cost: '7'}}")
    assert merged.notes == (
        "`a` now says what AWS has in tags.cost",
        "`a`: tags.team can't be taken away: it comes from elsewhere",
    )


JSON = """\
{
\t"cluster": "{{ must_env `STAGE` }}",
\t"rules": [
\t\t{
\t\t\t"name": "a",
\t\t\t"scheduleExpression": "rate(1 day)",
\t\t\t"taskDefinition": "td",
\t\t\t"containerOverrides": [{"name": "app", "command": ["x"], "environment": {"A": "1"}}]
\t\t}
\t]
}"""


def test_json_keeps_its_order_and_indentation() -> None:
    file = File(JSON, "ecschedule.json").changed(
        lambda rule: container_of(target_of(rule, task_count=2), command=('say "x"',), environment=())
    )
    file.live["b"] = Rule("b", "rate(1 day)", Target("b", "td", tags=(("k", "{{v"),)))
    assert file.settled() == (
        JSON.replace('"td",\n', '"td",\n\t\t\t"taskCount": 2,\n')
        .replace('["x"], "environment": {"A": "1"}', '["say \\"x\\""]')
        .replace(
            "\t\t}\n\t]",
            '\t\t},\n\t\t{\n\t\t\t"name": "b",\n\t\t\t"scheduleExpression": "rate(1 day)",\n'
            '\t\t\t"taskDefinition": "td",\n\t\t\t"tags": {\n\t\t\t\t"k": "TEMPLATE"\n\t\t\t}\n\t\t}\n\t]',
        )
        .replace("TEMPLATE", json.loads(file.settled())["rules"][1]["tags"]["k"])
    )


def test_line_ends_a_byte_order_mark_and_a_missing_last_break_stay() -> None:
    text = "\ufeff" + FULL.rstrip("\n").replace("\n", "\r\n")
    assert File(text).merged() == Merged(text, ())
    settled = File(text).changed(lambda rule: replace(rule, description="l1\nl2\n", enabled=False)).settled()
    assert settled.startswith("\ufeff# who")
    assert settled.endswith("\r\n# the end")
    assert "    description: | # yes\r\n        l1\r\n        l2\r\n" in settled
    assert "\n" not in settled.replace("\r\n", "")


def test_a_secret_is_written_as_a_look_up() -> None:
    file = File(FULL).changed(
        lambda rule: (
            container_of(rule, environment=(("DB_PASSWORD", "hunter22"), ("URL", "x://s3cret-value@y")))
            if rule.name == "a"
            else rule
        )
    )
    merged = file.merged(patterns=("*PASSWORD*",)).text
    assert "DB_PASSWORD: '{{ secret(\"DB_PASSWORD\") }}'" in merged
    assert "URL: 'x://{{ secret(\"TOKEN\") }}@y'" in merged
    assert "hunter22" not in merged


def test_a_secret_with_another_value_stays_the_same_look_up() -> None:
    text = FULL.replace("N: 5", "N: '5'")
    other = (("N", "5"), ("TOKEN", "another-value"), ("TZ", "UTC"))
    file = File(text).changed(lambda rule: container_of(rule, environment=other) if rule.name == "a" else rule)
    note = "is a secret that has another value in AWS: mend the secret, or apply"
    path = "containerOverrides[app].environment.TOKEN"
    assert file.merged(patterns=("TOKEN",)) == Merged(text, (f"`a`: {path} {note}",))


def test_a_rule_that_a_config_cannot_say_is_left_as_it_is() -> None:
    file = File(FULL)
    loaded = file.given.load(FULL)
    live = {name: LiveRule(rule, "batch", would_lose=("its InputPath",)) for name, rule in file.live.items()}
    merged = merge(FULL, loaded.prepared, desired_rules(loaded, SCOPE, NOW), live, SCOPE, Veil(file.given.vault))
    said = "is left as it is: a config can't say its InputPath"
    assert merged == Merged(FULL, (f"`a` {said}", f"`b` {said}"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% for n in ['a'] %}\n- name: {{ n }}\n{% endfor %}", "4:1: `{% for %}` can't be merged"),
        ("  {{ [{'name': 'a'}] | tojson }}", "4:3: can't be merged: what stands here isn't what comes out of it"),
        ("- name: {{ 'a\\n  group: g' }}", "4:3: can't be merged: what stands here isn't what comes out of it"),
        ("- {name: a, {{ 'group: g' }} }", "4:13: can't be merged: what stands here isn't what comes out of it"),
        ("- name: a\n  {{ 'group: g' }}", "can't be merged: before it is rendered this is neither YAML nor JSON"),
    ],
)
def test_what_does_not_stand_in_the_file_as_it_comes_out_is_refused(text: str, said: str) -> None:
    entry = "scheduleExpression: rate(1 day)"
    full = f"cluster: batch\ndefaults: {{{entry}, taskDefinition: td}}\nrules:\n{text}\n"
    with pytest.raises(ConfigError) as error:
        File(full).changed(lambda rule: target_of(rule, task_count=2)).merged()
    assert said in str(error.value)


def test_a_program_is_refused() -> None:
    loaded = Given().load(FULL.replace("{{ must_env `STAGE` }}", "x").replace('{{ secret("TOKEN") }}', "x"))
    prepared = replace(loaded.prepared, source=replace(loaded.prepared.source, path="ecschedule.jsonnet"))
    with pytest.raises(ConfigError, match=r"ecschedule.jsonnet: `.jsonnet` can't be merged: it is a program"):
        merge("{}", prepared, [], {}, SCOPE, Veil(Given().vault))


def test_every_example_stays_byte_for_byte() -> None:
    folder = Path(__file__).parents[2] / "configs" / "good"
    given = Given({"STAGE": "prod", "QUOTES": 'a"b'}, {"TOKEN": "s3cret-value"}, {"TEAM": "t", "CONTAINER": "app"})
    compared = 0
    for path in sorted(folder.iterdir()):
        text = path.read_bytes().decode() if path.suffix in (".yaml", ".json") else ""
        if text and not any(word in text for word in ("{% for", "extends:", "tfstate")):
            assert File(text, path.name, given).merged() == Merged(text, ()), path.name
            compared += 1
    assert compared > 25


def _yaml(**style: Any) -> Callable[[Any], str]:
    return lambda document: yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000_000, **style)


STYLES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "block": (PATH, _yaml()),
    "flow": (PATH, _yaml(default_flow_style=True)),
    "mixed": (PATH, _yaml(default_flow_style=None)),
    "wide": (PATH, _yaml(indent=4)),
    "json": ("ecschedule.json", lambda document: json.dumps(document, indent=2, ensure_ascii=False)),
    "tabs": ("ecschedule.json", lambda document: json.dumps(document, indent="\t")),
    "dense": ("ecschedule.json", lambda document: json.dumps(document, separators=(",", ":"))),
}
FIELDS = [field.name for kind in (Rule, Target) for field in dataclasses.fields(kind)]


@settings(QUICK, max_examples=10)
@given(
    st.lists(rules(), min_size=1, max_size=2, unique_by=lambda rule: rule.name),
    st.lists(rules(), min_size=2, max_size=2),
    st.sets(st.sampled_from(FIELDS)),
    st.sampled_from(sorted(STYLES)),
    st.booleans(),
)
def test_any_live_rules_are_what_the_merged_file_says(
    said: list[Rule], others: list[Rule], picked: set[str], style: str, windows: bool
) -> None:
    path, write = STYLES[style]
    text = write({"cluster": "batch", "rules": [_escaped(to_words(rule)) for rule in said]})
    file = File(text.replace("\n", "\r\n") if windows else text, path, Given())
    assert file.merged() == Merged(file.text, ())
    file.live = {rule.name: rule for rule in others}
    file.live |= {rule.name: _blended(rule, other, picked) for rule, other in zip(said, others, strict=False)}
    text = file.settled()
    assert text.count("\r\n") == (text.count("\n") if windows else 0)


def _escaped(words: Any) -> Any:
    if isinstance(words, dict):
        return {escaped(key): _escaped(value) for key, value in words.items()}
    if isinstance(words, list):
        return [_escaped(item) for item in words]
    return escaped(words) if isinstance(words, str) else words


def _blended(rule: Rule, other: Rule, picked: set[str]) -> Rule:
    """`rule` with the fields of `picked` from `other`."""
    assert other.target
    own = {field: getattr(other, field) for field in picked & {"description", "enabled", "rule_role", "rule_tags"}}
    names = picked & {field.name for field in dataclasses.fields(Target)}
    blended = target_of(replace(rule, **own), **{name: getattr(other.target, name) for name in names})
    assert blended.target
    return replace(blended, rule_role="") if blended.rule_role == blended.target.role else blended
