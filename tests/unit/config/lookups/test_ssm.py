"""`ssm`: parameters by name, ten in a call, each asked for once; a SecureString leaves sealed."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import pytest
from tests.unit.config.lookups.memory import MemoryAws, Miss, Operation, ask, refusal, together

from esprestack.config.lookups.ssm import Ssm
from esprestack.errors import AwsError
from esprestack.secrets import Sealed, Vault

SECRET = "hunter22"
NOT_THERE = "check name, region and account"


class Parameter(NamedTuple):
    """A version of a parameter."""

    name: str
    value: str
    kind: str = "String"
    version: int = 1
    labels: Collection[str] = ()


PARAMETERS = [
    Parameter("/app/host", "db.internal"),
    Parameter("/app/subnets", "subnet-1,subnet-2,,subnet 4", "StringList"),
    Parameter("/app/password", SECRET, "SecureString"),
]


def arn_of(name: str) -> str:
    return f"arn:aws:ssm:eu-west-1:123456789012:parameter/{name.removeprefix('/')}"


def holding(parameters: Sequence[Parameter]) -> Operation:
    """A Parameter Store, which answers in an order of its own.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
    """
    newest = {parameter.name: parameter for parameter in parameters}
    by_name: dict[str, tuple[Parameter, str]] = {}
    for parameter in parameters:
        for name in (parameter.name, arn_of(parameter.name)):
            by_name[name] = (newest[parameter.name], "")
            for selector in (str(parameter.version), *parameter.labels):
                by_name[f"{name}:{selector}"] = (parameter, f":{selector}")

    def get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert len(Names) <= 10
        assert WithDecryption
        found = [by_name[name] for name in reversed(Names) if name in by_name]
        return {
            "Parameters": [
                {
                    "Name": one.name,
                    "ARN": arn_of(one.name),
                    "Type": one.kind,
                    "Value": one.value,
                    "Version": one.version,
                    **({"Selector": selector} if selector else {}),
                }
                for one, selector in found
            ],
            "InvalidParameters": [name for name in Names if name not in by_name],
        }

    return get_parameters


def refusing(refused: Callable[[list[str]], AwsError | None], then: Operation = holding(PARAMETERS)) -> Operation:  # noqa: B008
    """A Parameter Store that refuses the calls of which `refused` says so."""

    def get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803 - AWS's names
        if error := refused(Names):
            raise error
        return then(Names=Names, WithDecryption=WithDecryption)

    return get_parameters


def a_store(operation: Operation = holding(PARAMETERS)) -> MemoryAws:  # noqa: B008 - it keeps nothing
    return MemoryAws({"ssm.get_parameters": operation})


def look_up(*calls: Sequence[str], vault: Vault | None = None, aws: MemoryAws | None = None) -> list[Any]:
    """What `ssm` comes to with these arguments."""
    return ask(Ssm(aws or a_store(), vault or Vault()), *(("ssm", *call) for call in calls))


def names_asked(aws: MemoryAws) -> list[list[str]]:
    return [call["Names"] for call in aws.calls]


# -- values ----------------------------------------------------------------------------------------------------


def test_a_string_is_its_value() -> None:
    assert look_up(["/app/host"]) == ["db.internal"]


@pytest.mark.parametrize(("index", "item"), [("0", "subnet-1"), ("1", "subnet-2"), ("2", ""), ("3", "subnet 4")])
@pytest.mark.parametrize("function", ["ssm", "ssm_list"])
def test_of_a_list_it_is_the_item_at_an_index(function: str, index: str, item: str) -> None:
    assert ask(Ssm(a_store(), Vault()), (function, "/app/subnets", index)) == [item]


def test_a_secure_string_is_sealed() -> None:
    vault = Vault()
    (found,) = look_up(["/app/password"], vault=vault)
    assert isinstance(found, Sealed)
    assert SECRET not in found
    assert (vault.open(found), vault.label(found)) == (SECRET, "(secret /app/password)")


def test_a_list_takes_an_index() -> None:
    todo = "write ssm('/app/subnets', 0) for the first"
    assert look_up(["/app/subnets"]) == [
        Miss("the parameter `/app/subnets` is a list: an index is missing", todo, "wrong-type")
    ]


@pytest.mark.parametrize("index", ["4", "-1", "1.0", "one", "٣", " 1", "9" * 30])
def test_an_index_that_the_list_has_not_is_told(index: str) -> None:
    what = f"the parameter `/app/subnets` has 4 items, none at `{index}`"
    assert look_up(["/app/subnets", index]) == [Miss(what, "items count from 0", "not-found")]


@pytest.mark.parametrize(("name", "kind"), [("/app/host", "String"), ("/app/password", "SecureString")])
def test_what_is_no_list_takes_no_index(name: str, kind: str) -> None:
    what = f"the parameter `{name}` is a {kind}, which has no items"
    assert look_up([name, "0"]) == [Miss(what, "leave the index out", "wrong-type")]


def test_a_prefix_stands_before_the_functions_names() -> None:
    lookup = Ssm(a_store(), Vault(), "first_")
    assert set(lookup.functions) == {"first_ssm", "first_ssm_list"}
    assert ask(lookup, ("first_ssm", "/app/host")) == ["db.internal"]


# -- names -----------------------------------------------------------------------------------------------------

VERSIONS = [
    Parameter("a", "old", version=1, labels=["stable"]),
    Parameter("a", "middle", version=2, labels=["stable-2"]),
    Parameter("a", "new", version=3),
    Parameter("b", "another", version=2),
]


@pytest.mark.parametrize("bare", ["a", arn_of("a")])
def test_a_version_or_a_label_can_stand_after_the_name(bare: str) -> None:
    calls = [[bare], [f"{bare}:1"], [f"{bare}:2"], [f"{bare}:stable"], [f"{bare}:stable-2"]]
    found = look_up(*calls, aws=a_store(holding(VERSIONS)))
    assert found == ["new", "old", "middle", "old", "middle"]


@pytest.mark.parametrize("name", ["a:7", "a:unstable", f"{arn_of('a')}:7", "a:", "a:1:2", ":1", "A", arn_of("c")])
def test_another_versions_value_is_never_taken_for_the_one_that_was_asked_for(name: str) -> None:
    found = look_up([name], ["a"], ["b"], aws=a_store(holding(VERSIONS)))
    assert found == [Miss(f"the parameter `{name}` doesn't exist", NOT_THERE, "not-found"), "new", "another"]


# -- calls -----------------------------------------------------------------------------------------------------

MANY = [Parameter(f"p{number:02}", f"value {number}") for number in range(25)]


def test_ten_names_go_into_a_call() -> None:
    aws = a_store(holding(MANY))
    assert look_up(*([one.name] for one in MANY), aws=aws) == [one.value for one in MANY]
    asked = sorted(names_asked(aws))
    assert asked == [[one.name for one in MANY[at : at + 10]] for at in (0, 10, 20)]


def test_calls_are_made_side_by_side() -> None:
    aws = a_store(together(3, holding(MANY)))
    assert look_up(*([one.name] for one in MANY), aws=aws) == [one.value for one in MANY]


def test_a_name_is_asked_for_once() -> None:
    aws = a_store()
    lookup = Ssm(aws, Vault())
    ask(lookup, ("ssm", "/app/subnets", "0"), ("ssm", "/app/subnets", "1"), ("ssm_list", "/app/subnets", "3"))
    ask(lookup, ("ssm", "/app/subnets", "3"), ("ssm", "/app/host"))
    assert names_asked(aws) == [["/app/subnets"], ["/app/host"]]


def test_a_name_that_does_not_exist_is_asked_for_once_too() -> None:
    aws = a_store()
    lookup = Ssm(aws, Vault())
    assert ask(lookup, ("ssm", "no")) == ask(lookup, ("ssm", "no"))
    assert names_asked(aws) == [["no"]]


def test_what_nobody_asked_for_is_not_fetched() -> None:
    aws = a_store()
    Ssm(aws, Vault()).fetch()
    assert aws.calls == []


# -- misses ----------------------------------------------------------------------------------------------------


def test_each_name_that_does_not_exist_is_a_miss_of_its_own() -> None:
    assert look_up(["no"], ["/app/host"], ["not"]) == [
        Miss("the parameter `no` doesn't exist", NOT_THERE, "not-found"),
        "db.internal",
        Miss("the parameter `not` doesn't exist", NOT_THERE, "not-found"),
    ]


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "AccessDenied", "InvalidKeyId", "ParamValidation", "ValidationException"]
)
def test_a_name_for_which_a_call_is_refused_spoils_no_other(code: str) -> None:
    def refused(names: list[str]) -> AwsError | None:
        return refusal(code, todo="allow it") if "bad" in names else None

    aws = a_store(refusing(refused))
    assert look_up(["/app/host"], ["bad"], ["no"], aws=aws) == [
        "db.internal",
        Miss("the parameter `bad`: AWS says no", "allow it", "refused"),
        Miss("the parameter `no` doesn't exist", NOT_THERE, "not-found"),
    ]
    assert names_asked(aws) == [["/app/host", "bad", "no"], ["/app/host"], ["bad"], ["no"]]


def test_a_refusal_that_has_nothing_to_do_with_a_name_is_not_asked_for_again() -> None:
    aws = a_store(refusing(lambda _: refusal("ThrottlingException")))
    assert look_up(["a"], ["b"], aws=aws) == [
        Miss("the parameter `a`: AWS says no", "see AWS's message", "refused"),
        Miss("the parameter `b`: AWS says no", "see AWS's message", "refused"),
    ]
    assert names_asked(aws) == [["a", "b"]]


def test_a_key_that_may_not_be_used_is_told_with_the_permission_that_is_missing() -> None:
    said = "User is not authorized to perform: kms:Decrypt on resource: the key"
    aws = a_store(refusing(lambda _: refusal("AccessDeniedException", said, "allow ssm:GetParameters")))
    todo = "allow kms:Decrypt on its key in the policy of the role that runs esprestack"
    assert look_up(["a"], aws=aws) == [Miss(f"the parameter `a`: {said}", todo, "refused")]


def test_credentials_that_are_gone_are_no_miss_and_end_the_asking() -> None:
    aws = a_store(refusing(lambda _: refusal("AccessDenied", final=True)))
    with pytest.raises(AwsError, match="AWS says no"):
        look_up(["a"], ["b"], aws=aws)
    assert names_asked(aws) == [["a", "b"]]
