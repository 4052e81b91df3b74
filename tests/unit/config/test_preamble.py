"""What is known of a config before it is rendered: region and plugins, wherever the templates stand."""

import pytest
from tests.unit.config.builders import Given

from esprestack.config.preamble import Preamble, read_preamble
from esprestack.config.source import Source

PLUGINS = """\
plugins:
- name: tfstate
  config:
    path: {{ env `STATE` `terraform.tfstate` }}
# a comment

- name: ssm
  func_prefix: first_
"""


def preamble(text: str, path: str = "ecschedule.yaml") -> Preamble:
    given = Given(env={"AWS_REGION": "eu-west-1", "REGION": "eu-central-1"})
    return read_preamble(Source(path, text), given.functions)


@pytest.mark.parametrize(
    "text",
    [
        PLUGINS + 'cluster: {{ env "A" "batch" }}\nrules: []\n',
        "cluster: {{ tfstate `x.y` }}\n" + PLUGINS + "rules:\n{% for i in [1] %}\n- name: x\n{% endfor %}\n",
        "rules: []\n" + PLUGINS,
        "rules: []\n" + PLUGINS.rstrip("\n"),
    ],
)
def test_plugins_are_read_wherever_they_stand(text: str) -> None:
    found = preamble(text)
    assert [dict(plugin) for plugin in found.plugins] == [
        {"name": "tfstate", "config": {"path": "terraform.tfstate"}},
        {"name": "ssm", "func_prefix": "first_"},
    ]


def test_their_places_are_those_in_the_file() -> None:
    text = "cluster: {{ tfstate `x.y` }}\n\n" + PLUGINS
    assert str(preamble(text).where(Source("ecschedule.yaml", text), 1)) == "ecschedule.yaml:9:3"


@pytest.mark.parametrize(
    ("line", "region"),
    [
        ("region: us-east-1", "us-east-1"),
        ("region: {{ must_env `REGION` }}", "eu-central-1"),
        ('region: \'{{ env("NO", "eu-north-1") }}\' # here', "eu-north-1"),
        ("regions: us-east-1", ""),
        ("x:\n  region: us-east-1", ""),
        ("# region: us-east-1", ""),
    ],
)
def test_the_region_is_read(line: str, region: str) -> None:
    assert preamble(f"{line}\ncluster: {{{{ ssm `x` }}}}\n").region == region


def test_json_is_read_too() -> None:
    text = '{"region": "{{ must_env `REGION` }}", "plugins": [{"name": "ssm"}], "rules": "{{ ssm `x` }}"}'
    found = preamble(text, "ecschedule.json")
    assert (found.region, [dict(plugin) for plugin in found.plugins]) == ("eu-central-1", [{"name": "ssm"}])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("plugins: [broken\n", "ecschedule.yaml"),
        ("plugins: {{ nope }}\n", "ecschedule.yaml"),
        ("plugins: text\n", "ecschedule.yaml"),
        ("plugins: [1, 2]\n", "ecschedule.yaml"),
        ("{broken", "ecschedule.json"),
        ("[1]", "ecschedule.json"),
        ("", "ecschedule.yaml"),
    ],
)
def test_what_is_wrong_with_it_is_left_to_the_reading_of_the_whole(text: str, path: str) -> None:
    assert preamble(text, path).plugins == ()
