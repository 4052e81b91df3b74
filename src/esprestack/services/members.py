"""The members of ECS's requests and answers, by botocore's description of them; no call is made.

In: an operation in AWS's spelling and a document; out: what of it a request takes, or what is wrong with it as one.
A list written by hand would lose what AWS adds: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/
"""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from esprestack.services.model import Document


def taken(operation: str, answer: Document) -> dict[str, Any]:
    """The members of `answer` that the operation's request has too, down to the last; those that are null left out."""
    members: dict[str, Any] = _taken(_request(operation), answer)
    return members


def unfit(operation: str, member: str, document: Document) -> str:
    """What is wrong with `document` as that member of the operation's request; empty if nothing is."""
    report = ParamValidator().validate(document, _request(operation).members[member])
    return " ".join(report.generate_report().split("\n")) if report.has_errors() else ""


@cache
def _request(operation: str) -> Any:
    model = ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")
    return model.operation_model(operation).input_shape


def _taken(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure":
            known = {name: member for name, member in value.items() if name in shape.members and member is not None}
            return {name: _taken(shape.members[name], member) for name, member in known.items()}
        case "list":
            return [_taken(shape.member, item) for item in value]
        case _:
            return value
