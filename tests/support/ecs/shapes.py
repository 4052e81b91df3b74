"""ECS's words for its requests and answers: botocore's description of them, to which both sides are held.

In: an operation and members as they come or go over the wire; out: nothing, or the refusal that AWS would send.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

import botocore.session
from botocore.validate import ParamValidator

Members: TypeAlias = Mapping[str, Any]


class RefusedByEcs(Exception):  # noqa: N818 - it is no error of the server's
    """What ECS says no with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> RefusedByEcs:
    return RefusedByEcs("InvalidParameterException", message)


def unusable(message: str) -> RefusedByEcs:
    return RefusedByEcs("ClientException", message)


def check_request(operation: str, parameters: Members) -> None:
    """Raises RefusedByEcs for what isn't in the form of the operation's input; enums included."""
    shape = _model().operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    wrong = [report.generate_report()] if report.has_errors() else list(_no_such_values(shape, parameters, operation))
    if wrong:
        raise invalid("; ".join(wrong))


def check_answer(operation: str, answer: Members) -> None:
    """Fails the test where the server would say what ECS never says."""
    shape = _model().operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), f"{operation}: {report.generate_report()}"
    assert not list(_no_such_values(shape, answer, operation))


def of_json(value: Any) -> Any:
    """What JSON has no form for, as AWS's JSON protocol has it: times in seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("ecs")


def _no_such_values(shape: Any, value: Any, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from _no_such_values(shape.members[name], member, f"{path}.{name}")
        case "list":
            for item in value:
                yield from _no_such_values(shape.member, item, f"{path}[]")
        case "string" if shape.enum and value not in shape.enum:
            yield f"{path}: {value} is none of {', '.join(shape.enum)}"
