"""An ecspresso.yml and its definition files: what is read, and every problem at once with its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.services.builders import CONFIG, Checkout, a_container, a_service_definition, a_task_definition
from tests.unit.strategies import QUICK

from esprestack.config.load import Surroundings, prepare_alone, read_source
from esprestack.config.lookups.base import Client
from esprestack.errors import ConfigError, Where
from esprestack.plugged import Plugs
from esprestack.services.read import PreparedService, examine_service, prepare_service

# -- what is read ----------------------------------------------------------------------------------------------


def test_a_config_is_read_with_its_definitions(checkout: Checkout) -> None:
    checkout.config("timeout: 1h30m", "ignore: {tags: [owner, cost]}")
    config = checkout.read()
    assert (config.region, config.cluster, config.service, config.timeout) == ("eu-west-1", "shop", "web", 5400.0)
    assert config.ignored_tags == ("owner", "cost")
    assert config.task_definition.document == a_task_definition()
    assert config.service_definition
    assert config.service_definition.document == a_service_definition()
    assert config.warnings == ()


def test_what_a_config_leaves_out_is_ecspressos_default(checkout: Checkout) -> None:
    checkout.write("ecspresso.yml", "task_definition: task.json\n")
    config = checkout.read()
    assert (config.region, config.cluster, config.service, config.timeout) == ("", "default", "", 600.0)
    assert config.service_definition is None


def test_paths_count_from_the_config(checkout: Checkout) -> None:
    checkout.write("prod/ecspresso.yml", "service: web\ntask_definition: ../task.json\n")
    assert checkout.read(checkout.prepared("prod/ecspresso.yml")).task_definition.path == "task.json"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ecspresso.json", '{"service": "web", "task_definition": "task.json"}'),
        ("ecspresso.yaml", "service: web\ntask_definition: task.json\n"),
        ("ecspresso.jsonnet", "local name = 'web'; { service: name, task_definition: 'task.json' }"),
    ],
)
def test_a_config_is_yaml_json_or_jsonnet(checkout: Checkout, name: str, text: str) -> None:
    checkout.write(name, text)
    assert checkout.read(checkout.prepared(name)).service == "web"


YAML_TASK = """\
family: web
networkMode: awsvpc
containerDefinitions:
  - name: app
    image: app:{{ must_env `TAG` }}
    environment:
      - {name: COUNT, value: 010}
"""
JSONNET_TASK = """\
{
  family: 'web',
  networkMode: 'awsvpc',
  containerDefinitions: [
    { name: 'app', image: 'app:' + std.native('must_env')('TAG'), environment: [{ name: 'COUNT', value: '010' }] },
  ],
}
"""


@pytest.mark.parametrize(("name", "text"), [("task.yaml", YAML_TASK), ("task.jsonnet", JSONNET_TASK)])
def test_a_definition_may_be_yaml_or_jsonnet_too_and_has_the_same_functions(
    checkout: Checkout, name: str, text: str
) -> None:
    checkout.env["TAG"] = "7"
    checkout.write(name, text)
    checkout.write("ecspresso.yml", f"service: web\ntask_definition: {name}\n")
    assert checkout.read().task_definition.document == {
        "family": "web",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            {"name": "app", "image": "app:7", "environment": [{"name": "COUNT", "value": "010"}]},
        ],
    }


SERVICE_JSON = json.dumps(a_service_definition()).replace("sg-1", "{{ infra_tfstate `output.sg` }}")
SERVICE_JSONNET = json.dumps(a_service_definition()).replace('"sg-1"', "std.native('infra_tfstate')('output.sg')")


@pytest.mark.parametrize(("name", "text"), [("service.json", SERVICE_JSON), ("service.jsonnet", SERVICE_JSONNET)])
def test_the_plugins_of_the_config_hold_in_its_definitions(checkout: Checkout, name: str, text: str) -> None:
    state = {"version": 4, "outputs": {"sg": {"value": "sg-77", "type": "string"}}, "resources": []}
    checkout.write("infra/terraform.tfstate", json.dumps(state))
    plugin = "plugins: [{name: tfstate, func_prefix: infra_, config: {path: infra/terraform.tfstate}}]\n"
    checkout.write("ecspresso.yml", CONFIG.replace("service.json", name) + plugin)
    checkout.write(name, text)
    read = checkout.read(with_plugins(checkout))
    assert read.service_definition
    network = read.service_definition.document["networkConfiguration"]["awsvpcConfiguration"]
    assert network["securityGroups"] == ["sg-77"]


def with_plugins(checkout: Checkout) -> PreparedService:
    """The config, whose plugins may ask nobody but files of the checkout."""

    def nobody(_: str) -> Client:
        raise AssertionError("no call to AWS is needed")

    plugs = Plugs(nobody, checkout.vault, {}, checkout.root, offline=True)
    surroundings = Surroundings(checkout.root, (), plugs)
    path = checkout.root / "ecspresso.yml"
    config = prepare_alone(read_source(path, checkout.root), checkout.root, surroundings)
    return prepare_service(config, surroundings)


def test_secrets_travel_sealed(checkout: Checkout) -> None:
    checkout.secrets["DB"] = 'pa"ss:\nword'
    checkout.write(
        "task.json",
        json.dumps(a_task_definition(a_container(environment=[{"name": "DB", "value": "{{ secret(`DB`) }}"}]))),
    )
    (container,) = checkout.read().task_definition.document["containerDefinitions"]
    (variable,) = container["environment"]
    assert "pa" not in variable["value"]
    assert checkout.vault.open(variable["value"]) == 'pa"ss:\nword'


# -- what describe printed -------------------------------------------------------------------------------------


def test_a_task_definition_may_be_what_describe_printed(checkout: Checkout) -> None:
    told = {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
        "revision": 3,
        "status": "ACTIVE",
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "registeredAt": 1700000000.5,
        "registeredBy": "arn:aws:iam::123456789012:user/me",
    }
    checkout.task({"taskDefinition": {**a_task_definition(), **told}, "tags": [{"key": "team", "value": "shop"}]})
    document = checkout.read().task_definition.document
    assert document == {**a_task_definition(), "tags": [{"key": "team", "value": "shop"}]}


@pytest.mark.parametrize("wrapped", ["services", "service", None])
def test_a_service_definition_may_be_what_describe_printed(checkout: Checkout, wrapped: str | None) -> None:
    told = {
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/shop/web",
        "serviceName": "web",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
        "status": "ACTIVE",
        "runningCount": 2,
        "pendingCount": 0,
        "roleArn": "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}],
        "events": [],
        "createdAt": "2026-01-01T00:00:00Z",
        "createdBy": "arn:aws:iam::123456789012:user/me",
    }
    whole = {**a_service_definition(), **told}
    checkout.service(
        {"services": [whole], "failures": []} if wrapped == "services" else {wrapped: whole} if wrapped else whole
    )
    definition = checkout.read().service_definition
    assert definition
    assert definition.document == a_service_definition()


def test_empty_members_are_left_out(checkout: Checkout) -> None:
    checkout.task(a_task_definition(a_container(command=None)) | {"taskRoleArn": None})
    assert checkout.read().task_definition.document == a_task_definition()


# -- what is wrong ---------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_with_all_three_files_is_told_at_once(checkout: Checkout) -> None:
    checkout.config("timeout: 600", "require_version: '1'")
    checkout.task(a_task_definition(a_container(portMapping=[], memory="much"), networkMode="awsvcp"))
    checkout.service(a_service_definition(desiredcounts=1, launchType="fargate"))
    assert checkout.problems() == [
        "ecspresso.yml:6:10: `timeout` is `600` without a unit, which ecspresso v2 takes for nanoseconds and v3 for "
        "seconds: write `600s` for seconds",
        "ecspresso.yml:7:1: `require_version` is not a key of the config (did you mean `required_version`?)",
        "task.json:4:18: `networkMode` is `awsvcp`, which ECS doesn't know (did you mean `awsvpc`?)",
        "task.json:9:7: `portMapping` is not a member of ContainerDefinition (did you mean `portMappings`?)",
        "task.json:10:17: `containerDefinitions[0].memory` must be a whole number, not `much`",
        "service.json:2:17: `launchType` is `fargate`, which ECS doesn't know (did you mean `FARGATE`?)",
        "service.json:20:3: `desiredcounts` is not a member of CreateServiceRequest (did you mean `desiredCount`?)",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("codedeploy: {application_name: web}", "`codedeploy` is about deployments by CodeDeploy"),
        ("appspec: {Hooks: []}", "`appspec` is about deployments by CodeDeploy"),
        ("express_definition: express.json", "`express_definition` is about an Express Mode service"),
    ],
)
def test_what_would_mean_something_else_without_its_key_is_refused(checkout: Checkout, line: str, said: str) -> None:
    checkout.config(line)
    (problem,) = checkout.problems()
    assert problem.startswith(f"ecspresso.yml:6:1: {said}")
    assert problem.endswith(")")  # what to do instead


def test_what_is_about_ecspresso_alone_is_a_warning(checkout: Checkout) -> None:
    checkout.config("required_version: '>= 2.0, < 3'", "filter_command: peco")
    assert [(problem.code, problem.stops, str(problem.where)) for problem in checkout.read().warnings] == [
        ("required-version", False, "ecspresso.yml:6:19"),
        ("filter-command", False, "ecspresso.yml:7:17"),
    ]


def test_a_version_that_is_none_is_an_error(checkout: Checkout) -> None:
    checkout.config("required_version: latest")
    assert checkout.problems() == [
        "ecspresso.yml:6:19: `required_version` must be a constraint such as `>= 2.0.0, < 3`, not `latest`"
    ]


def test_keys_of_ones_own_and_anchors_may_stand_there(checkout: Checkout) -> None:
    checkout.write("ecspresso.yml", "x-team: shop\nshared: &c shop\ncluster: *c\ntask_definition: task.json\n")
    assert checkout.read().cluster == "shop"


def test_a_service_definition_needs_the_services_name(checkout: Checkout) -> None:
    checkout.write("ecspresso.yml", CONFIG.replace("service: web\n", ""))
    assert checkout.problems() == [
        "ecspresso.yml:3:21: `service` is missing beside `service_definition` (add `service:` with the service's name)"
    ]


def test_a_config_needs_a_task_definition(checkout: Checkout) -> None:
    checkout.write("ecspresso.yml", "service: web\n")
    assert checkout.problems() == [
        "ecspresso.yml:1:1: `task_definition` is missing in the config (add `task_definition:` to the config)"
    ]


def test_the_configs_name_of_the_service_goes_first(checkout: Checkout) -> None:
    checkout.service({"serviceName": "shop", **a_service_definition()})
    (warning,) = checkout.read().warnings
    assert (warning.code, str(warning.where)) == ("service-name", "service.json:2:18")


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"services": []}, "service.json:2:15: `services` holds 0 services (a service definition is of one service)"),
        (
            {"services": [{}, {}]},
            "service.json:2:15: `services` holds 2 services (a service definition is of one service)",
        ),
        (
            {"services": [a_service_definition()], "cluster": "x"},
            "service.json:24:3: `cluster` stands beside `services` (remove it)",
        ),
    ],
)
def test_a_service_definition_is_of_one_service(checkout: Checkout, definition: dict[str, object], said: str) -> None:
    checkout.service(definition)
    assert checkout.problems() == [said]


def test_what_stands_beside_a_wrapped_task_definition_is_told(checkout: Checkout) -> None:
    checkout.task({"taskDefinition": a_task_definition(), "cpu": "256"})
    assert checkout.problems() == [
        "task.json:18:3: `cpu` stands beside `taskDefinition` (move it below `taskDefinition`)"
    ]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("{{ must_env `PATH_TO_TASK` }}", "`PATH_TO_TASK` is not set"),
        ("missing.json", "ecspresso.yml:5:18: `task_definition: missing.json`: there is no such file"),
        ("../task.json", "leaves the folder"),
        ("/etc/passwd", "leaves the folder"),
        ("task.toml", "task.toml: `.toml` is not a config's ending"),
    ],
)
def test_a_definition_that_cannot_be_read_is_told(checkout: Checkout, task: str, said: str) -> None:
    checkout.write("ecspresso.yml", CONFIG.replace("task.json", task))
    checkout.write("task.toml", "")
    (problem,) = checkout.problems()
    assert said in problem


def test_a_link_leads_no_definition_out_of_the_checkout(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside: Path = tmp_path_factory.mktemp("outside") / "task.json"
    outside.write_text("{}")
    (checkout.root / "task.json").unlink()
    (checkout.root / "task.json").symlink_to(outside)
    (problem,) = checkout.problems()
    assert "`task_definition: task.json` leaves the folder" in problem


def test_an_empty_definition_is_told_in_words_of_definitions(checkout: Checkout) -> None:
    checkout.write("task.json", "")
    assert checkout.problems() == ["task.json: the definition is empty (write the members that ECS takes)"]


def test_broken_templates_of_both_definitions_are_told_together(checkout: Checkout) -> None:
    checkout.write("task.json", json.dumps(a_task_definition(cpu="{{ must_env `A` }}")))
    checkout.write("service.json", json.dumps(a_service_definition(propagateTags="{{ must_env `B` }}")))
    assert [problem.partition(": ")[2].partition(" (")[0] for problem in checkout.problems()] == [
        "the environment variable `A` is not set",
        "the environment variable `B` is not set",
    ]


def test_a_secret_is_no_name_and_no_number(checkout: Checkout) -> None:
    checkout.secrets["S"] = "sesame"
    checkout.write(
        "task.json",
        json.dumps(a_task_definition(a_container("{{ secret(`S`) }}", memory="{{ secret(`S`) }}")), indent=1),
    )
    assert checkout.problems() == [
        "task.json:9:14: `containerDefinitions[0].memory` can't be a secret: it is a whole number",
        "task.json:7:12: a secret can't be the `name` of an entry of `containerDefinitions` (use it as a value)",
    ]


def test_a_plugin_that_cannot_be_is_told_where_it_stands(checkout: Checkout) -> None:
    checkout.config("plugins: [{name: tfstates}]")
    assert [str(problem) for problem in with_plugins(checkout).unprepared] == [
        "ecspresso.yml:6:11: `tfstates` is no plugin (did you mean `tfstate`?)"
    ]


def test_places_are_found_by_awss_own_names(checkout: Checkout) -> None:
    checkout.task({"TaskDefinition": {"Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": "app:1"}]}})
    tree = checkout.read().task_definition.tree
    assert tree.where(("containerDefinitions", 0, "image")) == Where("task.json", 7, 18)
    assert tree.where(("containerDefinitions", 0, "cpu")) == Where("task.json", 5, 7)
    assert tree.find(("cpu",)) is None
    assert tree.where_key(("family",)) == Where("task.json", 3, 5)


def test_reading_a_config_with_errors_raises_all_of_them(checkout: Checkout) -> None:
    checkout.config("timeout: 600")
    checkout.service({"services": []})
    with pytest.raises(ConfigError) as error:
        checkout.read()
    assert len(error.value.problems) == 2


NAMES = ["family", "containerDefinitions", "name", "image", "environment", "tags", "key", "value", "taskDefinition"]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("aé\n", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def test_any_json_is_a_definition_or_a_list_of_problems(checkout: Checkout) -> None:
    @settings(QUICK, max_examples=40)
    @given(ANY_JSON)
    def examined(value: object) -> None:
        checkout.write("task.json", json.dumps(value))
        checkout.write("service.json", json.dumps({"services": [value]}))
        found = examine_service(checkout.prepared(), checkout.vault)
        assert bool(found.problems) is (found.config is None)
        assert all(problem.where for problem in found.problems)

    examined()
