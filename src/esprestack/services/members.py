"""What ECS does with the members of a service: which are for good, which start tasks anew, how one is taken away.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from esprestack.services.shapes import CREATE, UPDATE, Form, request_form

OURS = frozenset({"clientToken", "cluster", "serviceName", "taskDefinition"})
"""Members of CreateService that the config says, or the deploy."""

TRIGGERS = frozenset(
    {
        "loadBalancers", "networkConfiguration", "platformVersion", "serviceConnectConfiguration", "serviceRegistries",
        "volumeConfigurations", "vpcLatticeConfigurations",
    }
)  # fmt: skip
"""Members with which UpdateService starts every task anew, as its documentation says of each."""

TOLD_BY_DEPLOYMENTS = frozenset({"serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"})
TOLD_BY_REVISIONS = frozenset({"gatewayConnectors", "monitoring"})
"""Members that DescribeServices doesn't tell of a service itself: its deployments have them, or its revisions."""

LEFT_ALONE = frozenset({"availabilityZoneRebalancing", "desiredCount", "role", "tags"})
"""Members that are as they are where the file doesn't have them: AWS, Auto Scaling or others look after them."""

TAKEN_AWAY: Mapping[str, Any] = {
    "capacityProviderStrategy": [],
    "gatewayConnectors": [],
    "loadBalancers": [],
    "monitoring": {"metricConfigurations": []},
    "placementConstraints": [],
    "placementStrategy": [],
    "serviceConnectConfiguration": {"enabled": False},
    "serviceRegistries": [],
    "volumeConfigurations": [],
    "vpcLatticeConfigurations": [],
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
}
"""What UpdateService is told so that a member is gone. Others have a default (`normal`), or can't be taken away."""

OFF: Mapping[str, Any] = {
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "earlySuccessCriteria": {"enable": False},
    "lifecycleHooks": [],
}
"""The same of the members of `deploymentConfiguration`."""


@functools.cache
def definition_form() -> Form:
    """What a service definition may say: CreateService's members but for ours."""
    form = request_form(CREATE)
    members = {name: member for name, member in form.members.items() if name not in OURS}
    return replace(form, members=members, required=form.required - OURS)


@functools.cache
def for_good() -> frozenset[str]:
    """Members that only CreateService takes: a service that differs in one has to be made anew."""
    return frozenset(definition_form().members) - frozenset(request_form(UPDATE).members) - {"tags"}
