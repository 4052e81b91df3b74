"""The histories of the scripted ECS's services, asked for; and a deployment of one, stopped."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.ecs.history import visible
from tests.support.ecs.place import page
from tests.support.ecs.services import Service, Services
from tests.support.ecs.shapes import Members, RefusedByEcs


@dataclass(frozen=True, slots=True)
class Histories:
    """Of all services."""

    services: Services

    def list_deployments(self, asked: Members) -> Members:
        service = self.services.find(asked)
        created = asked.get("createdAt", {})
        after, before = created.get("after", 0), created.get("before", float("inf"))
        entries = {
            entry.arn: entry.listed(service.arn, service.cluster_arn)
            for entry in visible(service.rollout.history)
            if not asked.get("status") or entry.status in asked["status"]
            if after <= entry.created_at.timestamp() <= before
        }
        found, token = page(list(entries), asked.get("maxResults"), 20, asked.get("nextToken"))
        return {"serviceDeployments": [entries[arn] for arn in found], **({"nextToken": token} if token else {})}

    def describe_deployments(self, asked: Members) -> Members:
        found = {
            entry.arn: (service, entry)
            for service in self._of_arns(asked["serviceDeploymentArns"])
            for entry in service.rollout.history
        }
        described, failures = [], []
        for arn in asked["serviceDeploymentArns"]:
            if arn not in found:
                failures.append({"arn": arn, "reason": "MISSING"})
                continue
            service, entry = found[arn]
            described.append(entry.described(service.arn, service.cluster_arn, service.counts()))
        return {"serviceDeployments": described, "failures": failures}

    def describe_revisions(self, asked: Members) -> Members:
        found = {
            revision.arn: revision.described(service.arn, service.cluster_arn)
            for service in self._of_arns(asked["serviceRevisionArns"])
            for revision in service.rollout.revisions
        }
        known = [arn for arn in asked["serviceRevisionArns"] if arn in found]
        missing = [arn for arn in asked["serviceRevisionArns"] if arn not in found]
        return {
            "serviceRevisions": [found[arn] for arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in missing],
        }

    def stop_deployment(self, asked: Members) -> Members:
        arn = asked["serviceDeploymentArn"]
        for service in self._of_arns([arn]):
            if any(entry.arn == arn for entry in service.rollout.history):
                service.rollout.stop(arn)
                return {"serviceDeploymentArn": arn}
        raise RefusedByEcs("ServiceDeploymentNotFoundException", "The service deployment wasn't found.")

    def _of_arns(self, arns: list[str]) -> Iterator[Service]:
        """The services in whose history the ARNs are."""
        for place in {tuple(arn.split("/")[1:3]) for arn in arns}:
            if service := self.services.every.get(self.services.place.arn(f"service/{'/'.join(place)}")):
                yield service
