"""The table `plugins:`: which look-ups a config gets, under which names, and what is said of an entry that can't be."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.config.builders import PATH, Given
from tests.unit.config.lookups.memory import MemoryAws

from esprestack.config.load import Prepared, Surroundings, prepare_source
from esprestack.config.lookups.plugins import Plugin, read_plugins
from esprestack.config.source import Source
from esprestack.errors import ConfigError
from esprestack.plugged import Plugs

A_STATE = {"path": "terraform.tfstate"}
OF_AWS = [Plugin("ssm"), Plugin("secretsmanager"), Plugin("cloudformation")]

# -- entries that are right ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "plugin"),
    [
        ({"name": "tfstate", "config": A_STATE}, Plugin("tfstate", "", "terraform.tfstate")),
        ({"name": "tfstate", "config": {"url": "s3://bucket/key"}}, Plugin("tfstate", "", "s3://bucket/key")),
        ({"name": "tfstate", "config": {"url": None, **A_STATE}}, Plugin("tfstate", "", "terraform.tfstate")),
        ({"name": "tfstate", "config": {"path": "", "url": "s3://b/k"}}, Plugin("tfstate", "", "s3://b/k")),
        ({"name": "tfstate", "config": A_STATE, "func_prefix": "net_"}, Plugin("tfstate", "net_", "terraform.tfstate")),
        ({"name": "tfstate", "config": A_STATE, "funcPrefix": "net"}, Plugin("tfstate", "net", "terraform.tfstate")),
        ({"name": "ssm", "func_prefix": "first_"}, Plugin("ssm", "first_")),
        ({"name": "secretsmanager", "func_prefix": "_"}, Plugin("secretsmanager", "_")),
        ({"name": "cloudformation", "func_prefix": "für2_"}, Plugin("cloudformation", "für2_")),
    ],
)
def test_an_entry_is_a_look_up(entry: Mapping[str, Any], plugin: Plugin) -> None:
    assert read_plugins([entry]) == ([plugin, *OF_AWS], [])


def test_of_path_and_url_the_path_counts_as_in_the_peers() -> None:
    entry = {"name": "tfstate", "config": {"url": "s3://bucket/key", **A_STATE}}
    assert read_plugins([entry])[0][0].location == "terraform.tfstate"


@pytest.mark.parametrize("name", ["TFState", "TFSTATE"])
def test_names_have_no_case_as_in_ecschedule(name: str) -> None:
    assert read_plugins([{"name": name, "config": A_STATE}])[0][0].kind == "tfstate"


def test_look_ups_in_aws_need_no_entry() -> None:
    assert read_plugins([]) == (OF_AWS, [])


@pytest.mark.parametrize("name", ["ssm", "secretsmanager", "cloudformation"])
def test_an_entry_without_a_prefix_is_the_one_that_needs_none(name: str) -> None:
    plugins, wrong = read_plugins([{"name": name, "func_prefix": "", "config": {}}])
    assert sorted(plugins, key=str) == sorted(OF_AWS, key=str)
    assert wrong == []


def test_several_states_differ_by_their_prefix() -> None:
    entries = [{"name": "tfstate", "config": A_STATE, "func_prefix": prefix} for prefix in ("", "a_", "b_")]
    plugins, wrong = read_plugins(entries)
    assert ([plugin.prefix for plugin in plugins[:3]], wrong) == (["", "a_", "b_"], [])


# -- entries that are wrong ------------------------------------------------------------------------------------


class Place:
    """A config's folder, and what its configs may ask; `text` is a config after templating."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given = Given(env={"STAGE": "prod"}, secrets={"TOKEN": "hunter22", "REGION": "us-east-1"})
        self.aws = MemoryAws({"ssm.get_parameters": _get_parameters, "s3.get_object": _get_object})
        self.regions: list[str] = []
        """Those whose client was asked for."""
        self.surroundings: Surroundings
        self.begin()

    def begin(self, *, offline: bool = False) -> None:
        """A new run."""

        def aws(region: str) -> MemoryAws:
            self.regions.append(region)
            return self.aws

        plugs = Plugs(aws, self.given.vault, {}, self.folder, offline=offline)
        self.surroundings = Surroundings(self.folder, self.given.lookups, plugs)

    def prepare(self, text: str, path: str = PATH) -> Prepared:
        file = self.folder / path
        return prepare_source(Source(file.name, text), file.parent, self.surroundings)

    def cluster(self, text: str, folder: str = ".") -> str:
        """What a config in `folder` comes to whose `cluster:` holds look-ups."""
        prepared = self.prepare(text, f"{folder}/{PATH}")
        assert prepared.missing == ()
        return prepared.top("cluster")

    def told(self, text: str, path: str = PATH) -> list[str]:
        """What is wrong with a config, each with its place."""
        try:
            return list(map(str, self.prepare(text, path).missing))
        except ConfigError as error:
            return list(map(str, error.problems))

    def holds(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, "utf-8")


def _get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803 - AWS's names
    return {"Parameters": [{"Name": name, "Type": "String", "Value": f"parameter {name}"} for name in Names]}


def _get_object(Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
    return {"Body": io.BytesIO(a_state(f"{Bucket} {Key}").encode())}


def a_state(value: str) -> str:
    """A Terraform state with the output `x`."""
    return json.dumps({"version": 4, "outputs": {"x": {"value": value, "type": "string"}}, "resources": []})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def with_plugins(*entries: str, line: str = 'cluster: {{ env("NONE", "batch") }}') -> str:
    """A config with `line`, and from line 3 on with an entry of `plugins:` on each line."""
    return "\n".join([line, "plugins:", *(f"- {entry}" for entry in entries), ""])


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("name: tfstat", "`tfstat` is no plugin (did you mean `tfstate`?)"),
        ("name: vault", "`vault` is no plugin (known are tfstate, ssm, secretsmanager, cloudformation)"),
        (
            "name: external",
            "the plugin `external` would run a command of the checkout, which isn't done (use a step before this one)",
        ),
        ("config: {path: a}", "the plugin has no `name` (known are tfstate, ssm, secretsmanager, cloudformation)"),
        ("name: [ssm]", "the plugin has no `name` (known are tfstate, ssm, secretsmanager, cloudformation)"),
        *(
            (
                f"{{name: ssm, func_prefix: '{prefix}'}}",
                f"the prefix `{prefix}` can't begin a function's name (use letters, digits and `_`)",
            )
            for prefix in ("net-", "1st_", "a b", "a.", "(")
        ),
        *(
            (
                entry,
                "the plugin `tfstate` has neither `path` nor `url` (write `config: {path: terraform.tfstate}` or "
                "`config: {url: s3://bucket/key}`)",
            )
            for entry in (
                "name: tfstate", "{name: tfstate, config: }", "{name: tfstate, config: {}}",
                "{name: tfstate, config: a}", "{name: tfstate, config: {paths: a}}", "{name: tfstate, config: {path: }}",
                "{name: tfstate, config: {path: [a, b]}}", "{name: tfstate, config: {url: {s3: a}}}",
            )
        ),
        (
            "{name: tfstate, config: {url: 'https://me:{{ secret(`TOKEN`) }}@example.com/'}}",
            "a secret may not be part of a state's place (give a token as TF_TOKEN_…, a role for S3)",
        ),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_told_at_its_place(place: Place, entry: str, what: str) -> None:
    assert place.told(with_plugins("name: ssm", entry)) == [f"{PATH}:4:3: {what}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{name: tfstate, config: {path: a}}", "{name: TFState, config: {url: 's3://b/k'}, func_prefix: ''}"),
        ("{name: tfstate, config: {path: a}, func_prefix: a_}", "{name: tfstate, config: {path: a}, funcPrefix: a_}"),
        ("name: ssm", "name: ssm"),
    ],
)
def test_two_entries_with_the_same_functions_are_told_at_the_second(place: Place, first: str, second: str) -> None:
    name = "ssm" if "ssm" in first else "tfstate"
    assert place.told(with_plugins(first, second)) == [
        f"{PATH}:4:3: two plugins `{name}` have the same names (give one of them a `func_prefix`)"
    ]


def test_all_entries_that_are_wrong_are_told_together(place: Place) -> None:
    told = place.told(with_plugins("name: smm", "name: ssm", "name: tfstate", "name: external"))
    assert [line.split(": ")[0] for line in told] == [f"{PATH}:3:3", f"{PATH}:5:3", f"{PATH}:6:3"]


def test_entries_of_jsonnet_are_told_at_their_table(place: Place) -> None:
    text = "{\n  plugins: [\n    { name: 'ssm' },\n    { name: 'smm' },\n  ],\n}\n"
    assert place.told(text, "ecschedule.jsonnet") == [
        "ecschedule.jsonnet:2:3: `smm` is no plugin (did you mean `ssm`?)"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "{name: tfstate, config: {path: '{{ must_env(`NOPE`) }}/terraform.tfstate'}}",
        "{name: tfstate, config: {url: 's3://{{ must_env(`NOPE`) }}/key'}}",
        "{name: '{{ must_env(`NOPE`) }}'}",
        "{name: ssm, func_prefix: '{{ must_env(`NOPE`) }}_'}",
    ],
)
def test_what_is_missing_in_an_entry_is_told_and_nothing_that_follows_from_it(place: Place, entry: str) -> None:
    (told,) = place.told(with_plugins("{name: tfstate, config: {path: a}, func_prefix: a_}", entry))
    assert "the environment variable `NOPE` is not set" in told


def test_a_state_whose_place_is_missing_misses_nothing_else(place: Place) -> None:
    entry = "{name: tfstate, config: {path: '{{ must_env(`NOPE`) }}'}}"
    (told,) = place.told(with_plugins(entry, line="cluster: '{{ tfstate(`output.x`) }}'"))
    assert told.startswith(f"{PATH}:3:35: the environment variable `NOPE` is not set")


# -- the functions that come of it -----------------------------------------------------------------------------


def test_each_prefix_is_a_state_of_its_own(place: Place) -> None:
    place.holds("a.tfstate", a_state("of a"))
    place.holds("b.tfstate", a_state("of b"))
    entries = [
        "{name: tfstate, config: {path: a.tfstate}}",
        "{name: tfstate, func_prefix: b_, config: {path: b.tfstate}}",
    ]
    for call, value in {
        "tfstate(`output.x`)": "of a",
        "b_tfstate(`output.x`)": "of b",
        "b_tfstatef `output.%s` `x`": "of b",
        "plugin `b_tfstate` `output.x`": "of b",
    }.items():
        assert place.cluster(with_plugins(*entries, line=f"cluster: {{{{ {call} }}}}")) == value


def test_a_prefix_is_a_second_name_of_what_needs_no_entry(place: Place) -> None:
    line = "cluster: {{ ssm(`a`) }}, {{ first_ssm(`b`) }}"
    assert place.cluster(with_plugins("{name: ssm, func_prefix: first_}", line=line)) == "parameter a, parameter b"


def test_a_state_that_no_entry_names_is_told_where_it_is_asked(place: Place) -> None:
    entry = "{name: tfstate, config: {path: a}, func_prefix: a_}"
    assert place.told(with_plugins(entry, line="cluster: '{{ tfstate(`output.x`) }}'")) == [
        f"{PATH}:1:11: no Terraform state is named "
        "(add `plugins: [{name: tfstate, config: {path: terraform.tfstate}}]`)"
    ]


def test_a_state_that_cannot_be_read_is_told_wherever_it_is_asked(place: Place) -> None:
    line = "a: '{{ tfstate(`output.x`) }}'\nb: '{{ tfstate(`output.y`) }}'"
    told = place.told(with_plugins("{name: tfstate, config: {path: a.tfstate}}", line=line))
    what = f"the state a.tfstate: there is no such file (looked in {place.folder})"
    assert told == [f"{PATH}:1:5: {what}", f"{PATH}:2:5: {what}"]


STATE_IN_S3 = "{name: tfstate, config: {url: 's3://states/main'}}"


def test_a_state_is_read_once_for_all_configs_of_a_run(place: Place) -> None:
    line = "cluster: {{ tfstate(`output.x`) }}, {{ tfstate(`output.x`) }}"
    for _ in range(3):
        assert place.cluster(with_plugins(STATE_IN_S3, line=line)) == "states main, states main"
    assert len(place.aws.calls) == 1


def test_a_relative_path_is_another_state_in_another_folder(place: Place) -> None:
    text = with_plugins("{name: tfstate, config: {path: a.tfstate}}", line="cluster: {{ tfstate(`output.x`) }}")
    for name in ("one", "two"):
        place.holds(f"{name}/a.tfstate", a_state(f"of {name}"))
        assert place.cluster(text, name) == f"of {name}"


# -- the region that is asked ----------------------------------------------------------------------------------

ASKING = "cluster: {{ ssm(`a`) }} {{ tfstate(`output.x`) }}\n"


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("region: eu-west-1", "eu-west-1"),
        ("region: {{ env `NONE` `eu-north-1` }}", "eu-north-1"),
        ("region: {{ secret(`REGION`) }}", "us-east-1"),
        ("", ""),
    ],
)
def test_look_ups_ask_the_region_of_the_config_or_else_that_of_the_run(place: Place, region: str, asked: str) -> None:
    place.prepare(with_plugins(STATE_IN_S3, line=ASKING + region))
    assert place.regions == [asked, asked]


def test_configs_of_two_regions_share_no_answers(place: Place) -> None:
    for region in ("eu-west-1", "us-east-1", "eu-west-1"):
        place.prepare(f"region: {region}\ncluster: {{{{ ssm(`a`) }}}}\n")
    assert place.regions == ["eu-west-1", "us-east-1"]


def test_where_the_region_is_missing_nobody_is_asked_and_nothing_else_is_missing(place: Place) -> None:
    line = ASKING + "region: {{ must_env(`NOPE`) }}"
    (told,) = place.told(with_plugins(STATE_IN_S3, line=line))
    assert told.startswith(f"{PATH}:2:9: the environment variable `NOPE` is not set")
    assert (place.regions, place.aws.calls) == ([], [])


# -- offline ---------------------------------------------------------------------------------------------------

POINTER = ".terraform/terraform.tfstate"


def pointing_to(kind: str, **config: str) -> str:
    """What Terraform leaves behind where the state is elsewhere."""
    return json.dumps({"version": 3, "backend": {"type": kind, "config": config}})


EVERY_CALL = "\n".join(
    f"a{number}: '{{{{ {call} }}}}'"
    for number, call in enumerate(
        [
            'ssm("a")', 'ssm("a", 0)', 'ssm_list("a", 0)', 'secretsmanager_arn("a")', 'cfn_output("a", "b")',
            'cfn_export("a")', 'tfstate("output.x")', 'tfstatef("output.%s", "x")', 'ssm(ssm("a"))',
        ]
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "location", ["s3://states/main", "https://example.com/state", "remote://app.terraform.io/org/name", POINTER]
)
@pytest.mark.parametrize(
    "pointer",
    [
        pointing_to("s3", bucket="states", key="main", region="eu-west-1"),
        pointing_to("remote", organization="org"),
        pointing_to("cloud", organization="org", hostname="tfe.example.com"),
    ],
    ids=["s3", "remote", "cloud"],
)
def test_offline_nobody_is_asked_and_nothing_is_missing(place: Place, location: str, pointer: str) -> None:
    place.begin(offline=True)
    place.holds(POINTER, pointer)
    entry = f"{{name: tfstate, config: {{url: '{location}'}}}}"
    assert place.told(with_plugins(entry, line=EVERY_CALL)) == []
    assert (place.regions, place.aws.calls) == ([], [])


def test_offline_a_state_in_a_file_is_read(place: Place) -> None:
    place.begin(offline=True)
    place.holds("a.tfstate", a_state("of a"))
    place.holds(POINTER, pointing_to("local", path="a.tfstate"))
    for path in ("a.tfstate", POINTER):
        entry = f"{{name: tfstate, config: {{path: {path}}}}}"
        assert place.cluster(with_plugins(entry, line="cluster: {{ tfstate(`output.x`) }}")) == "of a"


def test_with_calls_allowed_a_backend_elsewhere_is_asked(place: Place) -> None:
    place.holds(POINTER, pointing_to("s3", bucket="states", key="main", region="us-west-2"))
    entry = f"{{name: tfstate, config: {{path: {POINTER}}}}}"
    line = "region: eu-west-1\ncluster: {{ tfstate(`output.x`) }}, {{ tfstate(`output.x`) }}"
    assert place.cluster(with_plugins(entry, line=line)) == "states main, states main"
    assert (place.regions, len(place.aws.calls)) == (["us-west-2"], 1)
