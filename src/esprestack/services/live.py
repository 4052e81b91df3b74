"""What AWS has of one service: asked with as few calls as possible, side by side, each thing once. Reads, nothing else.

In: a config and its scope; out: `Seen`. What may not be asked, and isn't needed for a deploy, is a note.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from esprestack.aws import Aws
from esprestack.errors import AwsError
from esprestack.facts import Unanswered
from esprestack.services import images
from esprestack.services.ecs import Ecs
from esprestack.services.members import TOLD_BY_DEPLOYMENTS, TOLD_BY_REVISIONS, definition_form
from esprestack.services.model import (
    Document,
    FoundImage,
    ImageFact,
    LiveService,
    Revision,
    Seen,
    ServiceConfig,
    ServiceScope,
)

_T = TypeVar("_T")

MOST_REVISIONS = 20
"""Of one DescribeServiceRevisions: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html"""

_SERVICE_LINKED = "/aws-service-role/"
"""In the ARN of a role that AWS looks after, and that no file names."""


def read_live(aws: Aws, config: ServiceConfig, scope: ServiceScope, parallel: int) -> Seen:
    """What AWS has of the config's service, its task definition's family and its images.

    Raises AwsError where the service or the task definition can't be asked for.
    """
    with ThreadPoolExecutor(max(1, parallel)) as pool:
        return _Reading(aws, config, scope, Ecs(aws, scope), pool).seen()


@dataclass(slots=True)
class _Reading:
    """The calls of one config: those that hang on nothing go out together."""

    aws: Aws
    config: ServiceConfig
    scope: ServiceScope
    ecs: Ecs
    pool: ThreadPoolExecutor
    notes: list[str] = field(default_factory=list)

    def seen(self) -> Seen:
        family = self.pool.submit(self.ecs.revision, self.aws.open(str(self.wanted.get("family", ""))))
        facts = {image: self.pool.submit(images.asked, self.aws, found) for image, found in self.own_images().items()}
        scaled = self.pool.submit(self.asked, self.scaling, None) if self.is_counted else None
        answer = self.ecs.entry() if self.scope.service else None
        live = None if answer is None else self.live(answer, family, scaled)
        found = {image: future.result() for image, future in facts.items()}
        self.notes += [f"not known: {fact.problem.what}" for fact in found.values() if isinstance(fact, Unanswered)]
        return Seen(live, family.result(), self.with_parts(found, live), tuple(dict.fromkeys(self.notes)))

    @property
    def wanted(self) -> Mapping[str, Any]:
        return self.config.task_definition.document

    @property
    def is_counted(self) -> bool:
        """Whether it matters that somebody else looks after the count."""
        definition = self.config.service_definition
        return bool(self.scope.service and definition and "desiredCount" in definition.document)

    def asked(self, ask: Callable[[], _T], otherwise: _T) -> _T:
        """The answer; where it is refused a note, and `otherwise`."""
        try:
            return ask()
        except AwsError as error:
            if error.final:
                raise
            self.notes.append(f"not known: {error.problems[0].what}")
            return otherwise

    # -- the service -------------------------------------------------------------------------------------------

    def live(
        self, answer: Document, family: Future[Revision | None], scaled: Future[tuple[int, int] | None] | None
    ) -> LiveService:
        primary = _primary(answer)
        runs = str(primary.get("taskDefinition") or answer.get("taskDefinition") or "")
        revisions = self.pool.submit(self.asked, lambda: self.service_revisions(answer), None)
        latest = family.result()
        running = latest if latest and latest.arn == runs else self.ecs.revision(runs) if runs else None
        told = revisions.result()
        revision = _of_primary(told or [], runs)
        if told is not None and revision is None:  # those before October 2024 aren't there
            self.notes.append("not known: which images run, for ECS has no service revision of the deployment")
        return LiveService(
            arn=str(answer.get("serviceArn", "")),
            status=str(answer.get("status", "")),
            document=self.document(answer, primary, revision),
            revision=running,
            controller=str((answer.get("deploymentController") or {}).get("type") or "ECS"),
            desired=int(answer.get("desiredCount") or 0),
            running=int(answer.get("runningCount") or 0),
            pending=int(answer.get("pendingCount") or 0),
            digests=_digests(revision),
            scaled=scaled.result() if scaled else None,
            answer=answer,
            unread=frozenset() if revision else TOLD_BY_REVISIONS,
        )

    def document(
        self, answer: Mapping[str, Any], primary: Mapping[str, Any], revision: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """CreateService's members as the service has them."""
        told = {**answer, **{name: primary[name] for name in TOLD_BY_DEPLOYMENTS if name in primary}}
        told |= {name: revision[name] for name in TOLD_BY_REVISIONS if revision and name in revision}
        if (role := str(answer.get("roleArn") or "")) and _SERVICE_LINKED not in role:
            told["role"] = role
        if connect := told.get("serviceConnectConfiguration"):
            told["serviceConnectConfiguration"] = self.with_namespace(connect)
        return {name: told[name] for name in definition_form().members if name in told}

    def with_namespace(self, connect: Mapping[str, Any]) -> Mapping[str, Any]:
        """The namespace by its name, where AWS tells its ARN and the file names it."""
        definition = self.config.service_definition
        said = (definition.document.get("serviceConnectConfiguration") or {}) if definition else {}
        wanted, arn = self.aws.open(str(said.get("namespace", ""))), str(connect.get("namespace", ""))
        if not wanted or wanted.startswith("arn:") or not arn.startswith("arn:"):
            return connect
        return {**connect, "namespace": self.asked(lambda: self.namespace(arn), said["namespace"])}

    def namespace(self, arn: str) -> str:
        """https://docs.aws.amazon.com/cloud-map/latest/api/API_GetNamespace.html"""
        answer = self.aws.call("servicediscovery", "get_namespace", Id=arn.rpartition("/")[2])
        return str(answer["Namespace"]["Name"])

    def service_revisions(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The service's revisions of late, which know what ran and not only what was asked for.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
        """
        arns = [str(item["arn"]) for item in answer.get("currentServiceRevisions") or [] if item.get("arn")]
        if not arns:
            service, cluster = answer["serviceArn"], self.scope.cluster
            deployments = self.aws.call("ecs", "list_service_deployments", service=service, cluster=cluster)
            listed = deployments.get("serviceDeployments") or []
            arns = [str(item["targetServiceRevisionArn"]) for item in listed if item.get("targetServiceRevisionArn")]
        if not arns:
            return []
        asked = list(dict.fromkeys(arns))[:MOST_REVISIONS]
        found = self.aws.call("ecs", "describe_service_revisions", serviceRevisionArns=asked)
        return list(found.get("serviceRevisions") or [])

    def scaling(self) -> tuple[int, int] | None:
        """The least and most tasks that Application Auto Scaling goes between, if it does.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
        """
        answer = self.aws.call(
            "application-autoscaling",
            "describe_scalable_targets",
            ServiceNamespace="ecs",
            ResourceIds=[f"service/{self.scope.cluster}/{self.scope.service}"],
            ScalableDimension="ecs:service:DesiredCount",
        )
        for target in answer.get("ScalableTargets") or []:
            return int(target.get("MinCapacity") or 0), int(target.get("MaxCapacity") or 0)
        return None

    # -- task definitions and images ---------------------------------------------------------------------------

    def own_images(self) -> dict[str, images.EcrImage]:
        """The file's images that lie in the account's own ECR, by how they are written."""
        written = [str(item.get("image", "")) for item in self.wanted.get("containerDefinitions", [])]
        found = {image: images.ecr_image(self.aws.open(image)) for image in dict.fromkeys(written)}
        return {image: item for image, item in found.items() if item and images.is_own(item, self.scope)}

    def with_parts(self, found: Mapping[str, ImageFact], live: LiveService | None) -> dict[str, ImageFact]:
        """`found`, where another digest runs with what each image stands for: an index and its parts are the same."""
        own, result = self.own_images(), dict(found)
        running = set(live.digests.values()) if live else set()
        for image, fact in found.items():
            if isinstance(fact, FoundImage) and running and fact.digest not in running:
                result[image] = images.with_parts(self.aws, own[image], fact)
        return result


def _primary(answer: Mapping[str, Any]) -> dict[str, Any]:
    deployments = answer.get("deployments") or []
    return next((item for item in deployments if item.get("status") == "PRIMARY"), {})


def _of_primary(revisions: list[dict[str, Any]], task_definition: str) -> dict[str, Any] | None:
    """The newest service revision with the task definition that the primary deployment runs."""
    found = [item for item in revisions if item.get("taskDefinition") == task_definition]
    return max(found, key=lambda item: str(item.get("createdAt", ""))) if found else None


def _digests(revision: Mapping[str, Any] | None) -> dict[str, str]:
    told = (revision or {}).get("containerImages") or []
    return {str(item["containerName"]): str(item["imageDigest"]) for item in told if item.get("imageDigest")}
