"""ECS's own description of what its requests take."""

from esprestack.services.members import (
    TOLD_BY_DEPLOYMENTS,
    TOLD_BY_REVISIONS,
    TRIGGERS,
    definition_form,
    for_good,
)
from esprestack.services.shapes import CREATE, REGISTER, UPDATE, Form, _model, request_form, shape_form, told_only


def test_a_form_says_members_types_limits_and_choices() -> None:
    form = request_form(REGISTER)
    assert form.required == {"family", "containerDefinitions"}
    assert "awsvpc" in form.members["networkMode"].choices
    tags = form.members["tags"]
    assert (tags.least, tags.most) == (0, 50)
    assert tags.item
    assert tags.item.members["key"].most == 128


def test_members_that_differ_in_case_alone_do_not_exist() -> None:
    def check(form: Form) -> None:
        assert len({name.lower() for name in form.members}) == len(form.members)
        for member in (*form.members.values(), *([form.item] if form.item else [])):
            check(member)

    check(request_form(REGISTER))
    check(request_form(CREATE))


def test_what_is_told_and_not_taken_is_computed() -> None:
    assert told_only("TaskDefinition", REGISTER) >= {"revision", "status", "taskDefinitionArn", "compatibilities"}
    assert told_only("Service", CREATE) >= {"serviceArn", "events", "deployments", "runningCount", "roleArn"}
    assert not told_only("Service", CREATE) & set(definition_form().members)


def test_members_that_are_for_good_are_those_that_only_a_creation_takes() -> None:
    assert for_good() == {"launchType", "role", "schedulingStrategy"}


def test_members_that_start_every_task_anew_are_those_whose_documentation_says_so() -> None:
    said = {
        name
        for name, member in _model().operation_model(UPDATE).input_shape.members.items()
        if "This parameter triggers a new service deployment" in member.documentation
    }
    assert said == TRIGGERS | {"taskDefinition"}


def test_members_that_describe_services_does_not_tell_are_known() -> None:
    not_told = set(request_form(CREATE).members) - set(shape_form("Service").members)
    named_otherwise = {"clientToken", "cluster", "role"}  # told as `clusterArn` and `roleArn`
    assert not_told == TOLD_BY_DEPLOYMENTS | TOLD_BY_REVISIONS | named_otherwise
