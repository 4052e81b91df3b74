"""The policies that `esprestack iam` prints, for tests of whether they are enough and no more than needed."""

import copy
import json
from typing import Any

from tests.aws.conftest import Esprestack

ACCOUNT = ("--account", "123456789012")


def printed(esprestack: Esprestack, *purposes: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """The one document for all of the purposes."""
    asked = [part for purpose in purposes for part in ("--for", purpose)]
    said = esprestack("iam", *ACCOUNT, "--format", "json", *asked, *options)
    assert said.code == 0, said.err
    document: dict[str, Any] = json.loads(said.out)
    return document


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy that no longer allows the action."""
    policy = copy.deepcopy(policy)
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [item for item in actions if item != action]
    return policy


def actions_of(policy: dict[str, Any]) -> set[str]:
    """All actions that it allows, on whatever."""
    listed = [item["Action"] for item in policy["Statement"]]
    return {action for actions in listed for action in ([actions] if isinstance(actions, str) else actions)}
