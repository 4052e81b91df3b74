"""What AWS has of a service: which calls are made, and what becomes of their answers."""

from typing import Any

import pytest
from tests.aws.account import ACCOUNT, REGION, arn, client_past
from tests.aws.services.registry import URL, Registry
from tests.support.aws_front import AwsFront
from tests.support.ecs_services import EcsServices
from tests.unit.services.builders import Checkout, a_container, a_service_definition, a_task_definition

from esprestack.aws import Aws
from esprestack.errors import AwsError
from esprestack.facts import Absent, Unanswered
from esprestack.services.live import read_live
from esprestack.services.model import FoundImage, Seen, ServiceScope

SCOPE = ServiceScope("aws", REGION, ACCOUNT, "shop", "web")


def seen(aws: Aws, checkout: Checkout, scope: ServiceScope = SCOPE) -> Seen:
    return read_live(aws, checkout.read(), scope, 10)


def uncounted(checkout: Checkout, **members: Any) -> None:
    """A service definition without a count, which nobody else can override."""
    checkout.service(a_service_definition(desiredCount=None, **members))


def test_a_service_that_is_not_there_takes_two_calls(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    uncounted(checkout)
    found = seen(aws, checkout)
    assert (found.service, found.family, found.images, found.notes) == (None, None, {}, ())
    assert sorted(front.operations().elements()) == ["DescribeServices", "DescribeTaskDefinition"]


def test_an_inactive_service_is_none(aws: Aws, checkout: Checkout, services: EcsServices) -> None:
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()))
    services.removed()
    assert seen(aws, checkout).service is None


def test_a_service_that_runs_the_latest_revision_takes_three_calls(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    uncounted(checkout)
    revision = services.has_revision(a_task_definition(tags=[{"key": "team", "value": "shop"}]))
    services.has_service(a_service_definition(tags=[{"key": "a", "value": "b"}]), revision, digests={"app": "sha256:1"})
    found = seen(aws, checkout)
    assert found.service
    assert found.service.revision is found.family
    assert found.family
    assert (found.family.name, found.family.status) == ("web:1", "ACTIVE")
    assert found.family.document["tags"] == [{"key": "team", "value": "shop"}]
    assert "revision" not in found.family.document
    assert found.service.document["tags"] == [{"key": "a", "value": "b"}]
    assert found.service.document["launchType"] == "FARGATE"
    assert "serviceArn" not in found.service.document
    assert "role" not in found.service.document  # it is AWS's own
    assert dict(found.service.digests) == {"app": "sha256:1"}
    assert (found.service.desired, found.service.running, found.service.controller) == (2, 2, "ECS")
    assert sorted(front.operations().elements()) == [
        "DescribeServiceRevisions",
        "DescribeServices",
        "DescribeTaskDefinition",
    ]
    assert front.writes() == []


def test_the_revision_that_runs_is_asked_for_where_it_is_not_the_latest(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    uncounted(checkout)
    running = services.has_revision(a_task_definition())
    services.has_revision(a_task_definition(cpu="512"))
    services.has_service(a_service_definition(), running)
    found = seen(aws, checkout)
    assert found.service
    assert found.service.revision
    assert found.family
    assert (found.service.revision.name, found.family.name) == ("web:1", "web:2")
    assert front.operations()["DescribeTaskDefinition"] == 2


def test_what_the_service_entry_lacks_comes_from_its_deployment_and_its_revision(
    aws: Aws, checkout: Checkout, services: EcsServices
) -> None:
    members = {
        "serviceConnectConfiguration": {"enabled": True, "namespace": "shop"},
        "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 10}}],
        "vpcLatticeConfigurations": [{"roleArn": "r", "targetGroupArn": "t", "portName": "http"}],
        "monitoring": {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]},
    }
    services.has_service(a_service_definition(**members), services.has_revision(a_task_definition()))
    live = seen(aws, checkout).service
    assert live
    assert {name: live.document[name] for name in members} == members
    assert live.unread == frozenset()


def test_the_services_revisions_are_listed_where_nobody_names_them(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    services.tells_current_revisions = False
    services.has_service(
        a_service_definition(), services.has_revision(a_task_definition()), digests={"app": "sha256:1"}
    )
    live = seen(aws, checkout).service
    assert live
    assert dict(live.digests) == {"app": "sha256:1"}
    assert front.operations()["ListServiceDeployments"] == 1


def test_what_runs_of_an_older_service_is_not_known(aws: Aws, checkout: Checkout, services: EcsServices) -> None:
    services.tells_current_revisions = services.keeps_history = False
    uncounted(checkout)
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()))
    found = seen(aws, checkout)
    assert found.service
    assert found.service.digests == {}
    assert found.notes == ("not known: which images run, for ECS has no service revision of the deployment",)


def test_what_runs_is_left_out_and_said_where_it_may_not_be_asked(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    uncounted(checkout)
    services.has_service(
        a_service_definition(), services.has_revision(a_task_definition()), digests={"app": "sha256:1"}
    )
    front.fail("DescribeServiceRevisions", "AccessDeniedException", "no", times=None)
    found = seen(aws, checkout)
    assert found.service
    assert found.service.digests == {}
    assert found.service.unread == {"monitoring", "gatewayConnectors"}
    assert found.notes == ("not known: ecs:DescribeServiceRevisions: AccessDeniedException: no",)


def test_a_service_that_may_not_be_asked_for_is_an_error(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    front.fail("DescribeServices", "AccessDeniedException", "no", times=None)
    with pytest.raises(AwsError, match="ecs:DescribeServices: AccessDeniedException: no"):
        seen(aws, checkout)


def test_a_config_without_a_service_asks_for_the_family_alone(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    checkout.write("ecspresso.yml", f"region: {REGION}\ntask_definition: task.json\n")
    services.has_revision(a_task_definition())
    found = seen(aws, checkout, ServiceScope("aws", REGION, ACCOUNT, "default", ""))
    assert found.service is None
    assert found.family
    assert list(front.operations().elements()) == ["DescribeTaskDefinition"]


# -- Auto Scaling ----------------------------------------------------------------------------------------------


def test_who_else_looks_after_the_count_is_asked_where_the_file_sets_it(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()))
    client_past(front, "ecs").create_cluster(clusterName="shop")
    client_past(front, "ecs").register_task_definition(
        family="x", containerDefinitions=[{"name": "a", "image": "a", "memory": 4}]
    )
    client_past(front, "ecs").create_service(cluster="shop", serviceName="web", taskDefinition="x", desiredCount=1)
    client_past(front, "application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs", ResourceId="service/shop/web", ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2, MaxCapacity=9,
    )  # fmt: skip
    live = seen(aws, checkout).service
    assert live
    assert live.scaled == (2, 9)


def test_nobody_looks_after_the_count_where_there_is_no_target(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()))
    live = seen(aws, checkout).service
    assert live
    assert live.scaled is None
    assert front.operations()["DescribeScalableTargets"] == 1


# -- images ----------------------------------------------------------------------------------------------------


def images_of(checkout: Checkout, *images: str) -> None:
    checkout.task(a_task_definition(*(a_container(f"c{at}", image=image) for at, image in enumerate(images))))


def test_ecr_is_asked_once_for_each_image_of_the_account(
    aws: Aws, checkout: Checkout, services: EcsServices, registry: Registry, front: AwsFront
) -> None:
    digest = registry.has_image("app", "1.2")
    elsewhere = URL.replace(REGION, "us-east-1")
    other = URL.replace(ACCOUNT, "999999999999")
    images_of(
        checkout,
        f"{URL}/app:1.2", f"{URL}/app:1.2", f"{URL}/app:missing", f"{URL}/none:1", f"{URL}/app@{digest}",
        "nginx:1", f"{elsewhere}/app:1", f"{other}/app:1",
    )  # fmt: skip
    assert dict(seen(aws, checkout).images) == {
        f"{URL}/app:1.2": FoundImage(digest),
        f"{URL}/app:missing": Absent(),
        f"{URL}/none:1": Absent(),
        f"{URL}/app@{digest}": FoundImage(digest),
    }
    assert front.operations()["DescribeImages"] == 4


def test_an_image_that_may_not_be_asked_for_stays_unknown_and_that_is_said(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    images_of(checkout, f"{URL}/app:1")
    front.fail("DescribeImages", "AccessDeniedException", "no", times=None)
    found = seen(aws, checkout)
    (fact,) = found.images.values()
    assert isinstance(fact, Unanswered)
    assert found.notes == ("not known: ecr:DescribeImages: AccessDeniedException: no",)


def test_where_another_digest_runs_it_is_asked_what_an_index_stands_for(
    aws: Aws, checkout: Checkout, services: EcsServices, registry: Registry, front: AwsFront
) -> None:
    part = registry.has_image("app", "1-amd64")
    index = registry.has_index("app", "1", part)
    images_of(checkout, f"{URL}/app:1")
    services.has_service(a_service_definition(), services.has_revision(a_task_definition()), digests={"c0": part})
    (fact,) = seen(aws, checkout).images.values()
    assert fact == FoundImage(index, frozenset({part}))
    assert front.operations()["BatchGetImage"] == 1


# -- the namespace of Service Connect --------------------------------------------------------------------------


def test_a_namespaces_arn_is_told_by_its_name_where_the_file_has_one(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    cloud_map = client_past(front, "servicediscovery")
    cloud_map.create_http_namespace(Name="shop.local")
    (namespace,) = cloud_map.list_namespaces()["Namespaces"]
    uncounted(checkout, serviceConnectConfiguration={"enabled": True, "namespace": "shop.local"})
    connect = {"enabled": True, "namespace": namespace["Arn"]}
    services.has_service(
        a_service_definition(serviceConnectConfiguration=connect), services.has_revision(a_task_definition())
    )
    live = seen(aws, checkout).service
    assert live
    assert live.document["serviceConnectConfiguration"]["namespace"] == "shop.local"


def test_a_namespace_that_may_not_be_asked_for_is_not_compared_and_that_is_said(
    aws: Aws, checkout: Checkout, services: EcsServices, front: AwsFront
) -> None:
    uncounted(checkout, serviceConnectConfiguration={"enabled": True, "namespace": "shop.local"})
    connect = {"enabled": True, "namespace": arn("servicediscovery", "namespace/ns-1")}
    services.has_service(
        a_service_definition(serviceConnectConfiguration=connect), services.has_revision(a_task_definition())
    )
    front.fail("GetNamespace", "AccessDeniedException", "no", times=None)
    found = seen(aws, checkout)
    assert found.service
    assert found.service.document["serviceConnectConfiguration"]["namespace"] == "shop.local"
    assert found.notes == ("not known: servicediscovery:GetNamespace: AccessDeniedException: no",)
