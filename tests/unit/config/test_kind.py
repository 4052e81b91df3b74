"""Which kind of config a file is, before anything in it is rendered."""

import pytest

from esprestack.config.kind import Kind, kind_of
from esprestack.config.source import Source

RULES, SERVICE = Kind.RULES, Kind.SERVICE


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        pytest.param("a.yaml", "cluster: a\nrules: []\n", RULES, id="rules"),
        pytest.param("a.yaml", "service: web\ntask_definition: t.json\n", SERVICE, id="a service"),
        pytest.param("a.yaml", '"task_definition": t.json\n', SERVICE, id="a quoted key"),
        pytest.param(
            "a.yml", "rules:\n- name: a\n  task_definition: x\n", RULES, id="a rule has a task definition too"
        ),
        pytest.param("a.yml", "defaults:\n  task_definition: x\nextends: b.yml\n", RULES, id="and so have defaults"),
        pytest.param("ecspresso.yml", "cluster: a\nrules: []\n", RULES, id="what it says goes before its name"),
        pytest.param("ecschedule.yml", "task_definition: t.json\n", SERVICE, id="either way"),
        pytest.param("x/ecspresso.yml", "region: a\ncluster: b\n", SERVICE, id="its name where it says nothing"),
        pytest.param("other.yml", "region: a\ncluster: b\n", RULES, id="rules where nothing does"),
        pytest.param(
            "a.json", '{"service": "web", "plugins": [{"rules": 1}]}', SERVICE, id="JSON by the keys at its top"
        ),
        pytest.param("a.json", '{"rules": [{{ x }}], "cluster": "a"}', RULES, id="JSON that is a template"),
        pytest.param("a.jsonnet", "{ task_definition: 'a', service:: 'b' }", SERVICE, id="Jsonnet"),
        pytest.param("a.jsonnet", "{ cluster: 'a', rules: [{task_definition: 'a'}] }", RULES, id="Jsonnet with rules"),
        pytest.param("a.json", "[1]", RULES, id="what is no config at all"),
    ],
)
def test_the_kind_of_a_config_is_what_its_keys_say(path: str, text: str, kind: Kind) -> None:
    assert kind_of(Source(path, text)) is kind
