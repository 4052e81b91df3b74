"""`secretsmanager_arn`: the ARN of a secret in Secrets Manager, which is no secret itself."""

from collections.abc import Mapping

from esprestack.config.lookups.asked import Asked, miss_of, side_by_side
from esprestack.config.lookups.base import Client, Function
from esprestack.errors import AwsError


class SecretsManager:
    """`{prefix}secretsmanager_arn(name)`."""

    def __init__(self, client: Client, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self._asked: Asked[str, str] = Asked()

    @property
    def functions(self) -> Mapping[str, Function]:
        return {f"{self._prefix}secretsmanager_arn": self.secretsmanager_arn}

    def secretsmanager_arn(self, name: str) -> str:
        return self._asked.answer(name)

    def fetch(self) -> None:
        side_by_side(self._describe, self._asked.take())

    def _describe(self, name: str) -> None:
        try:
            self._asked.put(name, self._client.call("secretsmanager", "describe_secret", SecretId=name)["ARN"])
        except AwsError as error:
            what, todo = f"the secret `{name}` doesn't exist in Secrets Manager", "check name, region and account"
            self._asked.put(name, miss_of(error, what, ("ResourceNotFoundException",), todo))
