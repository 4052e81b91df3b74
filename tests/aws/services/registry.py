"""The account's ECR, filled past the front."""

import hashlib
import json
from typing import Any

from tests.aws.account import ACCOUNT, REGION

URL = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


class Registry:
    """Repositories and their images; each image is a manifest that differs from others by what it is made of."""

    def __init__(self, ecr: Any) -> None:
        self._ecr = ecr
        self._repositories: set[str] = set()

    def has_image(self, repository: str, tag: str, made_of: str = "") -> str:
        """Puts an image, and moves the tag to it if another one had it. Its digest."""
        return self._put(
            repository,
            tag,
            {"schemaVersion": 2, "mediaType": _MANIFEST, "config": {}, "layers": [{"digest": _digest(made_of or tag)}]},
            _MANIFEST,
        )

    def has_index(self, repository: str, tag: str, *digests: str) -> str:
        """An index that stands for the images of these digests. Its digest."""
        manifests = [{"mediaType": _MANIFEST, "digest": digest, "size": 1} for digest in digests]
        return self._put(repository, tag, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}, _INDEX)

    def _put(self, repository: str, tag: str, manifest: dict[str, Any], kind: str) -> str:
        if repository not in self._repositories:
            self._ecr.create_repository(repositoryName=repository)
            self._repositories.add(repository)
        answer = self._ecr.put_image(
            repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest), imageManifestMediaType=kind
        )
        return str(answer["image"]["imageId"]["imageDigest"])


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
