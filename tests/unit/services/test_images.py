"""Which images lie in ECR, and which tags move."""

import pytest
from tests.unit.services.builders import SCOPE

from esprestack.services.images import EcrImage, ecr_image, is_own, tag_of

URL = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (f"{URL}/app:1.2", EcrImage("123456789012", "eu-west-1", "app", "1.2")),
        (f"{URL}/team/app", EcrImage("123456789012", "eu-west-1", "team/app")),
        (f"{URL}/app@{DIGEST}", EcrImage("123456789012", "eu-west-1", "app", "", DIGEST)),
        (f"{URL}/app:1@{DIGEST}", EcrImage("123456789012", "eu-west-1", "app", "1", DIGEST)),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app:1", EcrImage("123456789012", "cn-north-1", "app", "1")),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app:1", EcrImage("123456789012", "us-east-1", "app", "1")),
        ("123456789012.dkr-ecr.eu-west-1.on.aws/app:1", EcrImage("123456789012", "eu-west-1", "app", "1")),
        ("public.ecr.aws/nginx/nginx:1", None),
        ("nginx", None),
        (f"evil.example/{URL}/app:1", None),
        (f"{URL}.evil.example/app:1", None),
    ],
)
def test_an_image_of_ecr_is_known_by_its_registry(image: str, expected: EcrImage | None) -> None:
    assert ecr_image(image) == expected


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        (f"{URL}/app:1.2", {"imageTag": "1.2"}),
        (f"{URL}/app", {"imageTag": "latest"}),
        (f"{URL}/app:1@{DIGEST}", {"imageDigest": DIGEST}),
    ],
)
def test_an_image_is_asked_for_by_digest_or_by_tag(image: str, asked: dict[str, str]) -> None:
    found = ecr_image(image)
    assert found
    assert found.id == asked


def test_an_image_is_own_in_the_account_and_region_of_the_service() -> None:
    assert is_own(EcrImage("123456789012", "eu-west-1", "app"), SCOPE)
    assert not is_own(EcrImage("123456789012", "eu-central-1", "app"), SCOPE)
    assert not is_own(EcrImage("999999999999", "eu-west-1", "app"), SCOPE)


@pytest.mark.parametrize(
    ("image", "tag"),
    [("nginx", "latest"), ("nginx:1", "1"), ("host:5000/nginx", "latest"), (f"nginx:1@{DIGEST}", ""), ("a/b:c", "c")],
)
def test_an_image_without_a_tag_has_dockers_default(image: str, tag: str) -> None:
    assert tag_of(image) == tag
