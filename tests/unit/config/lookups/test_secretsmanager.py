"""`secretsmanager_arn`: the ARN of each secret, asked once and side by side."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.config.lookups.memory import MemoryAws, Miss, Operation, ask, refusal, together

from esprestack.config.lookups.secretsmanager import SecretsManager
from esprestack.errors import AwsError


def holding(answers: Mapping[str, str | AwsError]) -> Operation:
    """A Secrets Manager with the ARNs of these secrets; any other doesn't exist."""

    def describe_secret(SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        answer = answers.get(SecretId, refusal("ResourceNotFoundException"))
        if isinstance(answer, AwsError):
            raise answer
        return {"ARN": answer, "Name": SecretId}

    return describe_secret


def aws_with(operation: Operation) -> MemoryAws:
    return MemoryAws({"secretsmanager.describe_secret": operation})


def arn_of(name: str) -> tuple[str, str]:
    return "secretsmanager_arn", name


def test_a_secrets_arn_is_its_answer() -> None:
    aws = aws_with(holding({"db": "arn:db-Ab12", "api": "arn:api-Cd34"}))
    assert ask(SecretsManager(aws), arn_of("db"), arn_of("api")) == ["arn:db-Ab12", "arn:api-Cd34"]


def test_a_secret_is_asked_for_once() -> None:
    aws = aws_with(holding({"db": "arn:db-Ab12"}))
    lookup = SecretsManager(aws)
    ask(lookup, arn_of("db"), arn_of("db"))
    ask(lookup, arn_of("db"))
    assert aws.calls == [{"SecretId": "db"}]


def test_secrets_are_asked_for_side_by_side() -> None:
    aws = aws_with(together(3, holding({"a": "arn:a", "b": "arn:b", "c": "arn:c"})))
    assert ask(SecretsManager(aws), arn_of("a"), arn_of("b"), arn_of("c")) == ["arn:a", "arn:b", "arn:c"]


def test_each_secret_that_is_not_there_is_a_miss_of_its_own() -> None:
    aws = aws_with(holding({"db": "arn:db-Ab12", "api": refusal("AccessDeniedException", todo="allow it")}))
    assert ask(SecretsManager(aws), arn_of("no"), arn_of("db"), arn_of("api")) == [
        Miss("the secret `no` doesn't exist in Secrets Manager", "check name, region and account", "not-found"),
        "arn:db-Ab12",
        Miss("AWS says no", "allow it", "refused"),
    ]


def test_credentials_that_are_gone_are_no_miss() -> None:
    aws = aws_with(holding({"db": refusal("ExpiredToken", final=True)}))
    with pytest.raises(AwsError, match="AWS says no"):
        ask(SecretsManager(aws), arn_of("db"))


def test_a_prefix_stands_before_the_functions_name() -> None:
    lookup = SecretsManager(aws_with(holding({"db": "arn:db"})), "first_")
    assert list(lookup.functions) == ["first_secretsmanager_arn"]
    assert ask(lookup, ("first_secretsmanager_arn", "db")) == ["arn:db"]
