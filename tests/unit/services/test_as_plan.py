"""A service in the reports that rules are in: terminal, comment, JSON, plan hash and binding."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.builders import a_plan, a_rule
from tests.unit.services.builders import (
    a_container,
    a_live,
    a_revision,
    a_service_definition,
    a_service_plan,
    a_task_definition,
    seen,
)
from tests.unit.services.strategies import documents
from tests.unit.strategies import QUICK

from esprestack.config.kind import Kind
from esprestack.errors import PlanChangedError, Problem
from esprestack.facts import Absent
from esprestack.plan.binding import compact, from_compact, require_hash, require_part
from esprestack.plan.ignored import ignored, without_ignored
from esprestack.plan.model import Action, Plan, counts, hash_of
from esprestack.reports.as_json import from_json, report, reviewed_in, to_json
from esprestack.reports.drift_issue import drift_text
from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown
from esprestack.reports.text import plan_text
from esprestack.reports.when import Reader
from esprestack.secrets import Vault
from esprestack.services.as_plan import as_plan
from esprestack.services.consistency import consistency
from esprestack.services.members import definition_form
from esprestack.services.model import FoundImage, ServicePlan
from esprestack.services.shapes import REGISTER, request_form

URL = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"


def with_image(image: str, **members: Any) -> dict[str, Any]:
    return a_task_definition(a_container(image=image), **members)


def a_usual_plan() -> ServicePlan:
    """Another image, more memory and another count."""
    live = a_live(revision=a_revision(with_image(f"{URL}:1", memory="1024"), 41), digests={"app": f"sha256:{'a' * 64}"})
    found = seen(live, images={f"{URL}:2": FoundImage(f"sha256:{'b' * 64}")})
    return a_service_plan(found, with_image(f"{URL}:2"), a_service_definition(desiredCount=3))


TEXT = """\
ecspresso.yml: cluster shop, eu-west-1, account 123456789012

~ update task definition web: containerDefinitions[app].image, memory
    note: `app`: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1` (sha256:aaaaaaaaaaaa) → `123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:2` (sha256:bbbbbbbbbbbb)
    note: there is less CPU or memory: `memory` 1024 → 512
     - family: web
       executionRoleArn: puller
       networkMode: awsvpc
       containerDefinitions:
       - name: app
    -    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1
    +    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:2
       requiresCompatibilities: [FARGATE]
       cpu: '256'
    -  memory: '1024'
    +  memory: '512'

~ update service web: desiredCount
    note: every task is replaced (2 running)
     - serviceName: web
    -  desiredCount: 2
    +  desiredCount: 3
       launchType: FARGATE
       deploymentConfiguration:
         deploymentCircuitBreaker:
           enable: true
           rollback: true
       networkConfiguration:
         awsvpcConfiguration:
           subnets: [subnet-1]
           securityGroups: [sg-1]

2 to update
"""


def test_the_terminal_shows_a_service_as_it_shows_rules() -> None:
    assert plan_text([as_plan(a_usual_plan())], colour=False) == TEXT


MARKDOWN = """\
### esprestack diff

**2 to update**

`ecspresso.yml`: cluster shop, eu-west-1, account 123456789012

| | | change | fields |
|---|---|---|---|
| ~ | `service web` | update | `desiredCount` |
| ~ | `task definition web` | update | `containerDefinitions[app].image`, `memory` |

- `service web`: every task is replaced \\(2 running\\)
"""


def test_the_comment_has_a_table_of_the_parts_and_what_comes_with_them() -> None:
    text = plan_markdown([as_plan(a_usual_plan())], [], COMMENT_BYTES, "esprestack diff")
    assert text.startswith(MARKDOWN)
    notes = text.removeprefix(MARKDOWN).splitlines()
    assert notes[0].startswith("- `task definition web`: ")
    assert "sha256:aaaaaaaaaaaa" in notes[0]
    assert "<details>" in text
    assert "next run" not in text


def test_services_and_rules_stand_side_by_side() -> None:
    plans = [a_plan([a_rule("new")], []), as_plan(a_usual_plan())]
    text = plan_markdown(plans, [], COMMENT_BYTES, "esprestack diff")
    assert text.index("| | rule | change | when | next run | fields |") < text.index("| | | change | fields |")
    assert "**1 to create, 2 to update**" in text
    assert plan_text(plans, colour=False).endswith("\n1 to create, 2 to update\n")


def test_json_has_the_kind_and_the_notes_and_is_read_again() -> None:
    plan = as_plan(a_usual_plan())
    text = to_json(report("diff", [plan]), str)
    (told,) = json.loads(text)["plans"]
    assert (told["kind"], told["tracking_id"]) == ("service", "")
    assert [(change["rule"], change["action"]) for change in told["changes"]] == [
        ("task definition web", "update"),
        ("service web", "update"),
    ]
    assert told["changes"][1]["notes"] == ["every task is replaced (2 running)"]
    assert told["changes"][1]["after"]["desiredCount"] == 3
    require_part([plan], reviewed_in(from_json(text, "plan.json"), str))


def test_a_drift_issue_can_be_about_a_service() -> None:
    text = drift_text(as_plan(a_usual_plan()), "Drift: ecspresso.yml", {"service web": "merged with #7"}, Reader())
    assert "`service web`: merged with #" in text


# -- what happens to which part --------------------------------------------------------------------------------


def actions(plan: Plan) -> dict[str, Action]:
    return {change.name: change.action for change in plan.changes}


@pytest.mark.parametrize(
    ("plan", "task", "service"),
    [
        pytest.param(a_service_plan(), Action.CREATE, Action.CREATE, id="all is new"),
        pytest.param(a_service_plan(seen(None, a_revision())), Action.UNCHANGED, Action.CREATE, id="the service is new"),
        pytest.param(a_service_plan(seen(a_live())), Action.UNCHANGED, Action.UNCHANGED, id="nothing differs"),
        pytest.param(
            a_service_plan(seen(a_live()), a_task_definition(cpu="512", memory="1024")), Action.UPDATE, Action.UNCHANGED,
            id="another task definition",
        ),
        pytest.param(
            a_service_plan(seen(a_live(revision=a_revision(status="INACTIVE")))), Action.UPDATE, Action.UNCHANGED,
            id="a revision that was deregistered",
        ),
        pytest.param(
            a_service_plan(seen(a_live()), service=a_service_definition(tags=[{"key": "a", "value": "b"}])),
            Action.UNCHANGED, Action.UPDATE, id="a tag",
        ),
        pytest.param(
            a_service_plan(seen(a_live(a_service_definition(launchType="EC2")))), Action.UNCHANGED, Action.CONFLICT,
            id="what is for good",
        ),
    ],
)  # fmt: skip
def test_each_part_has_its_own_action(plan: ServicePlan, task: Action, service: Action) -> None:
    assert actions(as_plan(plan)) == {"task definition web": task, "service web": service}


def test_a_config_without_a_service_has_its_task_definition_alone() -> None:
    plan = as_plan(a_service_plan(service={}, name=""))
    assert actions(plan) == {"task definition web": Action.CREATE}
    assert counts([plan])[Action.CREATE] == 1
    assert plan.kind is Kind.SERVICE


def test_what_is_registered_already_is_said() -> None:
    new = a_task_definition(cpu="512", memory="1024")
    (change, _) = as_plan(a_service_plan(seen(a_live(), a_revision(new, 2)), new)).changes
    assert change.notes[0] == "web:2 is what the file says: it is deployed, and nothing is registered"


def test_notes_of_a_part_that_stays_are_told_with_the_other_or_with_the_plan() -> None:
    live = a_live(revision=a_revision(with_image(f"{URL}:1")), digests={"app": "sha256:old"})
    found = seen(live, images={f"{URL}:1": FoundImage("sha256:new")})
    unchanged = as_plan(a_service_plan(found, with_image(f"{URL}:1")))
    assert unchanged.changing == []
    assert unchanged.notes[0] == f"`app`: `{URL}:1` was (sha256:old), and is (sha256:new)"
    tagged = a_service_definition(tags=[{"key": "a", "value": "b"}])
    changed = as_plan(a_service_plan(found, with_image(f"{URL}:1"), tagged))
    assert changed.notes == ()
    (service,) = changed.changing
    assert service.notes[0] == f"`app`: `{URL}:1` was (sha256:old), and is (sha256:new)"


def test_what_stops_a_deploy_is_a_refusal_or_when_allowed_a_note() -> None:
    plan = a_service_plan(seen(a_live(), images={f"{URL}:9": Absent()}), with_image(f"{URL}:9"))
    stopped = as_plan(plan)
    assert [(problem.code, problem.stops) for problem in stopped.refusals] == [("image-missing", True)]
    assert not any("isn't in ECR" in note for change in stopped.changes for note in change.notes)
    allowed = as_plan(plan, ("image-missing",))
    assert allowed.refusals == ()
    assert f"the image of `app` isn't in ECR: `{URL}:9` (allowed: image-missing)" in allowed.changing[0].notes


def test_a_fields_place_is_its_file() -> None:
    assert [str(change.where) for change in as_plan(a_usual_plan()).changes] == ["task.json:1:1", "service.json:1:1"]


# -- hash, binding, drift --------------------------------------------------------------------------------------


def test_plans_that_would_do_the_same_have_one_hash() -> None:
    assert as_plan(a_usual_plan()).hash == as_plan(a_usual_plan()).hash
    other = as_plan(a_service_plan(seen(a_live()), service=a_service_definition(desiredCount=4)))
    assert other.hash != as_plan(a_usual_plan()).hash
    require_hash([as_plan(a_usual_plan())], hash_of([as_plan(a_usual_plan())]))


def test_a_secret_enters_the_hash_by_name() -> None:
    def hashed(value: str) -> str:
        vault = Vault()
        task = a_task_definition(a_container(environment=[{"name": "DB", "value": vault.seal("DB", value)}]))
        return as_plan(a_service_plan(seen(a_live()), task, vault=vault)).hash

    assert hashed("one-secret") == hashed("other-secret")


def test_a_plan_that_was_reviewed_is_known_again_and_another_is_not() -> None:
    reviewed = from_compact([compact([as_plan(a_usual_plan())])])
    require_part([as_plan(a_usual_plan())], reviewed)
    moved = as_plan(a_service_plan(seen(a_live()), service=a_service_definition(desiredCount=9)))
    with pytest.raises(PlanChangedError) as error:
        require_part([moved], reviewed)
    assert error.value.problems[0].what == (
        "the plan has changed: `service web` differs from the reviewed plan in desiredCount"
    )


def test_a_config_that_nobody_reviewed_is_told_without_a_tracking_id() -> None:
    with pytest.raises(PlanChangedError) as error:
        require_part([as_plan(a_usual_plan())], from_compact([]))
    assert error.value.problems == (
        Problem(
            "the plan has changed: ecspresso.yml, eu-west-1, account 123456789012, cluster shop wasn't in the reviewed plan",
            todo="review a fresh diff, then apply that",
        ),
    )


def test_fields_that_others_may_change_are_no_drift() -> None:
    plan = as_plan(a_service_plan(seen(a_live()), with_image("app:2"), a_service_definition(desiredCount=9)))
    patterns = ignored(("service *:desiredCount", "containerDefinitions[*].image"))
    assert without_ignored(plan, patterns).changing == []


@settings(QUICK, max_examples=20)
@given(st.tuples(*[documents(request_form(REGISTER))] * 2), st.tuples(*[documents(definition_form())] * 2))
def test_any_two_states_can_be_planned_and_told(
    tasks: tuple[dict[str, Any], dict[str, Any]], services: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    found = seen(a_live(services[0], a_revision(tasks[0])))
    service_plan = a_service_plan(found, tasks[1], services[1] or {"tags": []})
    plan = as_plan(service_plan)
    assert bool(plan.changing) <= (service_plan.changes or bool(service_plan.refusals))
    assert all(problem.where and problem.todo for problem in consistency(service_plan.config))
    assert plan_text([plan], colour=False)
    assert plan_markdown([plan], plan.refusals, COMMENT_BYTES, "any").startswith("### any")
    require_part([plan], reviewed_in(from_json(to_json(report("diff", [plan]), str), "plan.json"), str))
