"""Which members of ECS's answers its requests take as well, by botocore's description of both.

In: an operation in AWS's spelling and an answer; out: the answer without what only answers have.
"""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from esprestack.services.model import Document


def taken(operation: str, answer: Document) -> dict[str, Any]:
    """The members of `answer` that the operation's request has too, down to the last one; those that are null left out.

    A list written by hand would lose what AWS adds (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/).
    """
    members: dict[str, Any] = _taken(_model().operation_model(operation).input_shape, answer)
    return members


@cache
def _model() -> Any:
    return ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")


def _taken(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure":
            known = {name: member for name, member in value.items() if name in shape.members and member is not None}
            return {name: _taken(shape.members[name], member) for name, member in known.items()}
        case "list":
            return [_taken(shape.member, item) for item in value]
        case _:
            return value
