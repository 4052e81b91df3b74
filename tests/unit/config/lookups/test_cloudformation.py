"""`cfn_output` and `cfn_export`: one call for each stack, one listing for all exports."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.config.lookups.memory import MemoryAws, Miss, ask, refusal, together

from esprestack.config.lookups.cloudformation import CloudFormation
from esprestack.errors import AwsError

Pages = list[dict[str, str] | AwsError]


class Stacks:
    """CloudFormation with the outputs of stacks, and with exports, page by page."""

    def __init__(
        self, outputs: Mapping[str, dict[str, str] | AwsError] | None = None, exports: Pages | None = None
    ) -> None:
        self.outputs = outputs or {}
        self.exports = exports or [{}]
        self.tokens = ["", *(f"page-{number}" for number in range(1, len(self.exports))), ""]
        """The token that each page is asked with; the last one ends the listing."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        found = self.outputs.get(StackName, refusal("ValidationError", f"Stack with id {StackName} does not exist"))
        if isinstance(found, AwsError):
            raise found
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in found.items()]
        return {"Stacks": [{"StackName": StackName, **({"Outputs": outputs} if outputs else {})}]}

    def list_exports(self, NextToken: str = "") -> dict[str, Any]:  # noqa: N803 - AWS's name
        page = self.tokens.index(NextToken)
        found = self.exports[page]
        if isinstance(found, AwsError):
            raise found
        following = self.tokens[page + 1]
        exports = [{"Name": name, "Value": value} for name, value in found.items()]
        return {"Exports": exports, **({"NextToken": following} if following else {})}

    def aws(self) -> MemoryAws:
        return MemoryAws(
            {"cloudformation.describe_stacks": self.describe_stacks, "cloudformation.list_exports": self.list_exports}
        )


def output(stack: str, key: str) -> tuple[str, str, str]:
    return "cfn_output", stack, key


def export(name: str) -> tuple[str, str]:
    return "cfn_export", name


# -- outputs ---------------------------------------------------------------------------------------------------


def test_outputs_are_found_with_one_call_for_each_stack() -> None:
    aws = Stacks({"net": {"Vpc": "vpc-1", "Empty": ""}, "db": {"Host": "db.internal"}}).aws()
    lookup = CloudFormation(aws)
    found = ask(lookup, output("net", "Vpc"), output("net", "Empty"), output("db", "Host"))
    assert found == ["vpc-1", "", "db.internal"]
    assert ask(lookup, output("net", "Vpc")) == ["vpc-1"]
    assert sorted(call["StackName"] for call in aws.calls) == ["db", "net"]


def test_stacks_and_the_listing_are_asked_for_side_by_side() -> None:
    stacks = Stacks({"a": {"Key": "1"}, "b": {"Key": "2"}}, [{"exported": "3"}])

    def either(**parameters: str) -> dict[str, Any]:
        return stacks.describe_stacks(**parameters) if parameters else stacks.list_exports()

    asked_together = together(3, either)
    aws = MemoryAws({"cloudformation.describe_stacks": asked_together, "cloudformation.list_exports": asked_together})
    assert ask(CloudFormation(aws), output("a", "Key"), output("b", "Key"), export("exported")) == ["1", "2", "3"]


def test_a_stack_that_is_not_there_spoils_no_other() -> None:
    aws = Stacks({"net": {"Vpc": "vpc-1"}, "db": refusal("AccessDenied", todo="allow it")}).aws()
    assert ask(CloudFormation(aws), output("no", "Vpc"), output("net", "Vpc"), output("db", "Host")) == [
        Miss("the stack `no` doesn't exist", "check name, region and account", "not-found"),
        "vpc-1",
        Miss("AWS says no", "allow it", "refused"),
    ]


@pytest.mark.parametrize(
    ("keys", "todo"),
    [
        (["Vpc", "Subnet"], "it has Subnet, Vpc"),
        ([], "it has none"),
        ([f"Key{number:02}" for number in range(12)], f"it has {', '.join(f'Key{number:02}' for number in range(10))}"),
    ],
)
def test_an_output_that_the_stack_has_not_is_told_with_those_that_it_has(keys: list[str], todo: str) -> None:
    aws = Stacks({"net": dict.fromkeys(keys, "a-value")}).aws()
    assert ask(CloudFormation(aws), output("net", "Vcp")) == [
        Miss("the stack `net` has no output `Vcp`", todo, "not-found")
    ]


# -- exports ---------------------------------------------------------------------------------------------------


def test_exports_of_all_pages_are_found_with_one_listing() -> None:
    aws = Stacks(exports=[{"a": "1"}, {}, {"b": "2", "empty": ""}]).aws()
    lookup = CloudFormation(aws)
    assert ask(lookup, export("b"), export("a"), export("empty")) == ["2", "1", ""]
    assert ask(lookup, export("a")) == ["1"]
    assert aws.calls == [{}, {"NextToken": "page-1"}, {"NextToken": "page-2"}]


@pytest.mark.parametrize("tokens", [["", "x", "x"], ["", "x", "y", "x"]])
def test_a_listing_that_goes_round_in_a_circle_ends(tokens: list[str]) -> None:
    stacks = Stacks(exports=[{str(page): "value"} for page, _ in enumerate(tokens[1:])])
    stacks.tokens = tokens
    aws = stacks.aws()
    assert ask(CloudFormation(aws), export("0")) == ["value"]
    assert len(aws.calls) == len(tokens) - 1


def test_an_export_that_is_not_there_is_a_miss() -> None:
    aws = Stacks(exports=[{"a": "1"}]).aws()
    assert ask(CloudFormation(aws), export("no"), export("a")) == [
        Miss("there is no export `no`", "check name, region and account", "not-found"),
        "1",
    ]


def test_a_listing_that_is_refused_on_a_later_page_is_not_taken_for_a_whole_one() -> None:
    aws = Stacks(exports=[{"a": "1"}, refusal("AccessDenied", todo="allow it")]).aws()
    refused = Miss("AWS says no", "allow it", "refused")
    assert ask(CloudFormation(aws), export("a"), export("no")) == [refused, refused]


# -- both ------------------------------------------------------------------------------------------------------


def test_what_nobody_asked_for_is_not_fetched() -> None:
    aws = Stacks().aws()
    CloudFormation(aws).fetch()
    assert aws.calls == []


@pytest.mark.parametrize("call", [output("net", "Vpc"), export("a")])
def test_credentials_that_are_gone_are_no_miss(call: tuple[str, ...]) -> None:
    gone = refusal("ExpiredToken", final=True)
    with pytest.raises(AwsError, match="AWS says no"):
        ask(CloudFormation(Stacks({"net": gone}, [gone]).aws()), call)


def test_a_prefix_stands_before_the_functions_names() -> None:
    lookup = CloudFormation(Stacks({"net": {"Vpc": "vpc-1"}}, [{"a": "1"}]).aws(), "first_")
    assert set(lookup.functions) == {"first_cfn_output", "first_cfn_export"}
    assert ask(lookup, ("first_cfn_output", "net", "Vpc"), ("first_cfn_export", "a")) == ["vpc-1", "1"]
