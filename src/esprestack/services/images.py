"""Images of containers: whether they lie in the account's own ECR, and what ECR says of them. Reads, and nothing else.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from esprestack.aws import Aws
from esprestack.errors import AwsError
from esprestack.facts import Absent, Unanswered
from esprestack.services.model import FoundImage, ImageFact, ServiceScope

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/"
    r"(?P<repository>[a-z0-9._/-]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
"""https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"""

_NO_IMAGE = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
"""Manifests that stand for an image of each platform: https://specs.opencontainers.org/image-spec/image-index/"""


@dataclass(frozen=True, slots=True)
class EcrImage:
    """An image in a repository of ECR."""

    account: str
    region: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def id(self) -> dict[str, str]:
        """As ECR's calls name it."""
        return {"imageDigest": self.digest} if self.digest else {"imageTag": self.tag or "latest"}


def ecr_image(image: str) -> EcrImage | None:
    """The image that `image`, opened, names; None for one of another registry."""
    match = _ECR.fullmatch(image)
    return EcrImage(**{name: text or "" for name, text in match.groupdict().items()}) if match else None


def tag_of(image: str) -> str:
    """The tag of any image; empty where a digest pins it. Docker's is `latest` where none is said."""
    if "@" in image:
        return ""
    return image.rpartition("/")[2].partition(":")[2] or "latest"


def is_own(image: EcrImage, scope: ServiceScope) -> bool:
    return (image.account, image.region) == (scope.account, scope.region)


def asked(aws: Aws, image: EcrImage) -> ImageFact:
    """What ECR says of the image. Raises AwsError where no call can succeed."""
    try:
        answer = aws.call("ecr", "describe_images", repositoryName=image.repository, imageIds=[image.id])
    except AwsError as error:
        if error.final:
            raise
        return Absent() if error.code in _NO_IMAGE else Unanswered(error.problems[0])
    details = answer.get("imageDetails") or []
    return FoundImage(str(details[0].get("imageDigest") or "")) if details else Absent()


def with_parts(aws: Aws, image: EcrImage, found: FoundImage) -> FoundImage:
    """`found` with the images that it stands for. What isn't answered is left out; raises AwsError as `asked`."""
    request = {"repositoryName": image.repository, "imageIds": [{"imageDigest": found.digest}]}
    try:
        answer = aws.call("ecr", "batch_get_image", acceptedMediaTypes=list(_INDEXES), **request)
    except AwsError as error:
        if error.final:
            raise
        return found
    manifests = [_manifest(item.get("imageManifest")) for item in answer.get("images") or []]
    parts = {str(part.get("digest")) for manifest in manifests for part in manifest.get("manifests") or []}
    return replace(found, parts=frozenset(parts))


def _manifest(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
