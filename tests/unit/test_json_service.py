"""Calls without a botocore client, held against the same calls of a client: what is sent, what comes back, what is refused."""

import datetime
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError
from botocore.parsers import ResponseParserError
from tests.support.raw_server import CLOSE, Answer, PrivateCa, RawServer, answer

from esprestack import http_pool, retries
from esprestack.aws import Aws
from esprestack.errors import Again, AwsError
from esprestack.json_service import FORMS, SERVICES, JsonService, JsonServices
from esprestack.plain_session import plain_session
from esprestack.secrets import Vault

REGION = "eu-central-1"
USER_AGENT = "esprestack/test"

ONE_CALL: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "application-autoscaling": ("DescribeScalableTargets", {"ServiceNamespace": "ecs", "ResourceIds": ["service/a/b"]}),
    "ecr": ("DescribeImages", {"repositoryName": "shop/app", "imageIds": [{"imageTag": "1"}]}),
    "ecs": ("RunTask", {"taskDefinition": "app", "count": 2, "clientToken": "t", "overrides": {"cpu": "256"}}),
    "events": ("PutTargets", {"Rule": "nightly-é", "Targets": [{"Id": "1", "Arn": "arn:aws:ecs:x", "Input": "{}"}]}),
    "logs": ("GetLogEvents", {"logGroupName": "/app", "logStreamName": "s", "startFromHead": True}),
    "resourcegroupstaggingapi": ("GetResources", {"TagFilters": [{"Key": "a"}], "ResourcesPerPage": 100}),
    "scheduler": ("GetSchedule", {"Name": "nightly", "GroupName": "esprestack-jobs"}),
    "secretsmanager": ("DescribeSecret", {"SecretId": "db"}),
    "ssm": ("GetParameters", {"Names": ["/a", "/b"], "WithDecryption": True}),
    "sts": ("GetCallerIdentity", {}),
}
"""A call of each service."""

IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/ci/run</Arn><UserId>AROA:run</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>7</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
EXPIRED = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>The security token is expired</Message></Error><RequestId>7</RequestId></ErrorResponse>"""


def done(service: str) -> bytes:
    """What a service answers that has nothing to say."""
    return IDENTITY if service in FORMS else b"{}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Credentials that are made up, and nothing of this machine's settings."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_SESSION_TOKEN": "a-token",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.0)
    return monkeypatch


def made(service: str = "events", region: str = REGION, *whole: str) -> JsonService | None:
    return JsonServices(botocore.session.get_session(), USER_AGENT).make(service, region, whole)


def a_service(service: str = "events", *whole: str) -> JsonService:
    found = made(service, REGION, *whole)
    assert found
    return found


@cache
def session_of_clients() -> Any:
    """One for all: it reads a service's model once."""
    return botocore.session.get_session()


def a_client(service: str, region: str = REGION) -> Any:
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, user_agent=USER_AGENT)
    return session_of_clients().create_client(service, region_name=region, config=config)


# -- where a call goes -----------------------------------------------------------------------------------------


def regions() -> list[str]:
    partitions = session_of_clients().get_component("data_loader").load_data("partitions")["partitions"]
    return [region for partition in partitions for region in partition["regions"]]


@pytest.mark.parametrize("service", sorted(SERVICES | FORMS))
def test_every_region_has_the_address_and_the_signature_that_botocore_gives_it(service: str) -> None:
    services = JsonServices(session_of_clients(), USER_AGENT)
    operation, parameters = ONE_CALL[service]
    for region in regions():
        sent: list[Any] = []

        def keep(request: Any, sent: list[Any] = sent, **_: Any) -> Any:
            sent.append(request)
            return AWSResponse(request.url, 200, {}, _Body(done(service)))

        client = a_client(service, region)
        client.meta.events.register("before-send", keep)
        getattr(client, xform_name(operation))(**parameters)
        service_here = services.make(service, region, ())
        if service in FORMS and region.endswith("-global"):
            assert service_here is None  # no region, and a client signs for another one
            continue
        assert service_here
        assert urlsplit(service_here.url)[:2] == urlsplit(sent[0].url)[:2]
        assert scope(sent[0].headers["Authorization"].decode()) == (region, client.meta.service_model.signing_name)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


def scope(authorization: str) -> tuple[str, str]:
    found = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", authorization)
    assert found
    return found[1], found[2]


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        ("ecs", "AWS_ENDPOINT_URL_ECS"),
        ("events", "AWS_ENDPOINT_URL_EVENTBRIDGE"),
        ("logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
        ("resourcegroupstaggingapi", "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API"),
        ("scheduler", "AWS_ENDPOINT_URL_SCHEDULER"),
        ("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ("ssm", "AWS_ENDPOINT_URL_SSM"),
        ("sts", "AWS_ENDPOINT_URL_STS"),
    ],
)
def test_a_service_s_own_endpoint_goes_before_the_general_one(
    environment: pytest.MonkeyPatch, service: str, variable: str
) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    general, of_client = a_service(service).url, a_client(service).meta.endpoint_url
    assert general == of_client == "http://127.0.0.1:1"
    environment.setenv(variable, "http://127.0.0.1:2")
    own, of_client = a_service(service).url, a_client(service).meta.endpoint_url
    assert own == of_client == "http://127.0.0.1:2"


@pytest.mark.parametrize(
    "settings",
    [
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_DATA_PATH": "/models"},
        {"HTTPS_PROXY": "http://127.0.0.1:3128"},
        {"https_proxy": "127.0.0.1:3128"},
        {"HTTP_PROXY": "http://127.0.0.1:3128", "AWS_ENDPOINT_URL": "http://events.example"},
        {"AWS_ENDPOINT_URL": "no endpoint"},
        {"AWS_ENDPOINT_URL_EVENTBRIDGE": "http://"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_is_not_plain_is_left_to_a_client(environment: pytest.MonkeyPatch, settings: Mapping[str, str]) -> None:
    assert made()
    for name, value in settings.items():
        environment.setenv(name, value)
    assert made() is None


@pytest.mark.parametrize(
    "settings",
    [
        {"HTTPS_PROXY": "http://127.0.0.1:3128", "NO_PROXY": "amazonaws.com"},
        {"HTTPS_PROXY": "http://127.0.0.1:3128", "AWS_ENDPOINT_URL": "http://events.example"},
        {"AWS_USE_FIPS_ENDPOINT": "false"},
    ],
)
def test_what_does_not_concern_an_address_is_plain(
    environment: pytest.MonkeyPatch, settings: Mapping[str, str]
) -> None:
    for name, value in settings.items():
        environment.setenv(name, value)
    assert made()


@pytest.mark.parametrize(
    "lines",
    [
        "endpoint_url = http://127.0.0.1:1",
        "services = mine",
        "use_fips_endpoint = true",
        "events =\n  signature_version = v4",
        "api_versions =\n  events = 2014-02-03",
    ],
)
def test_a_profile_that_says_more_is_left_to_a_client(
    environment: pytest.MonkeyPatch, tmp_path: Path, lines: str
) -> None:
    path = tmp_path / "config"
    path.write_text("[default]\nregion = eu-central-1\n")
    environment.setenv("AWS_CONFIG_FILE", str(path))
    assert made()
    path.write_text(f"[default]\n{lines}\n[services mine]\nevents =\n  endpoint_url = http://127.0.0.1:1\n")
    assert made() is None


@pytest.mark.parametrize("region", ["", "-", "eu central 1", "nowhere-1", "fips-us-gov-west-1"])
def test_a_region_that_botocore_does_not_list_is_left_to_a_client(region: str) -> None:
    assert made("events", region) is None


@pytest.mark.parametrize("service", ["iam", "cloudformation", "s3", "lambda", "no-such-service"])
def test_other_services_are_left_to_a_client(service: str) -> None:
    assert made(service) is None


def test_a_proxied_call_goes_through_the_proxy(environment: pytest.MonkeyPatch) -> None:
    with RawServer(lambda _: answer(b'{"Rules": []}')) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        environment.setenv("AWS_ENDPOINT_URL", "http://events.example")
        assert Aws(REGION, 1, Vault()).call("events", "list_rules")["Rules"] == []
        assert proxy.requests[0].startswith(b"POST http://events.example/ HTTP/1.1\r\n")


# -- what is sent ----------------------------------------------------------------------------------------------

UNTOLD = frozenset({"amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"})
"""What a client sends besides: which try this is, and a number for it."""


def parsed(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


@pytest.mark.parametrize("service", sorted(SERVICES | FORMS))
def test_a_request_is_the_client_s(environment: pytest.MonkeyPatch, service: str) -> None:
    operation, parameters = ONE_CALL[service]
    with RawServer(lambda _: answer(done(service))) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        a_service(service).call(operation, parameters)
        getattr(a_client(service), xform_name(operation))(**parameters)
        (ours, our_headers, our_body), (theirs, their_headers, their_body) = map(parsed, server.requests)
    assert ours == theirs
    assert our_body == their_body
    assert our_headers.keys() == their_headers.keys() - UNTOLD
    differing = {name for name, value in our_headers.items() if value != their_headers[name]}
    assert differing <= {"authorization", "x-amz-date"}
    assert scope(our_headers["authorization"]) == scope(their_headers["authorization"])
    assert our_headers["x-amz-security-token"] == "a-token"


@pytest.mark.parametrize("path", ["", "/", "/behind/a path"])
def test_a_signature_is_of_what_arrives(environment: pytest.MonkeyPatch, path: str) -> None:
    """The server signs what it received, as AWS does, and compares."""
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", f"{server.url}{path.replace(' ', '%20')}")
        a_service().call("ListRules", {"Limit": 7})
        first, headers, body = parsed(server.requests[0])
    signed = re.search(r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", headers["authorization"])
    assert signed
    assert signed[1] == "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    target = first.split(" ")[1]
    request = AWSRequest("POST", f"http://{headers['host']}{target}", data=body)
    for name in signed[1].split(";"):
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "made-up", "a-token"), "events", REGION)
    assert signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request) == signed[2]


def test_an_idempotency_token_is_made_where_none_is_given(environment: pytest.MonkeyPatch) -> None:
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        given = {"taskDefinition": "app"}
        for _ in range(2):
            a_service("ecs").call("RunTask", given)
        tokens = [json.loads(parsed(request)[2])["clientToken"] for request in server.requests]
    assert given == {"taskDefinition": "app"}
    assert len(set(tokens)) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{36}", token) for token in tokens)


@pytest.mark.parametrize(
    "parameters",
    [{"Rule": "r"}, {"Rule": "", "Targets": []}, {"Rule": "r", "Targets": [{"Id": "1", "Arn": "a", "Colour": "red"}]}],
)
def test_what_the_model_does_not_allow_is_not_sent(
    environment: pytest.MonkeyPatch, parameters: Mapping[str, Any]
) -> None:
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ParamValidationError):
            a_service().call("PutTargets", parameters)
        with pytest.raises(AwsError, match=r"events:PutTargets: .*\(mend the config\)") as error:
            Aws(REGION, 1, Vault()).call("events", "put_targets", **parameters)
        assert (error.value.code, server.requests) == ("ParamValidation", [])


def test_without_credentials_nothing_is_sent(environment: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        environment.delenv(name)
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(NoCredentialsError):
            a_service().call("ListRules", {})
        assert server.connections == 0


def test_credentials_that_are_about_to_end_are_replaced_between_two_calls(environment: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1, 100))

    def fresh() -> dict[str, str]:
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
        return {
            "access_key": f"AKID{next(numbers)}",
            "secret_key": "made-up",
            "token": "t",
            "expiry_time": soon.isoformat(),
        }

    class Provider:
        def load_credentials(self) -> RefreshableCredentials:
            return RefreshableCredentials.create_from_metadata(fresh(), fresh, "a test")

    session = botocore.session.get_session()
    session.register_component("credential_provider", Provider())
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        service = JsonServices(session, USER_AGENT).make("events", REGION, ())
        assert service
        for _ in range(2):
            service.call("ListRules", {})
        keys = [re.findall(r"AKID\d+", parsed(request)[1]["authorization"])[0] for request in server.requests]
    assert len(set(keys)) == 2


def test_a_token_with_a_line_break_is_told_without_its_value(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_SESSION_TOKEN", "hunter2\nX-Evil: 1")
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(AwsError, match="X-Amz-Security-Token would have a line break") as error:
            Aws(REGION, 1, Vault()).call("events", "list_rules")
        assert "hunter2" not in str(error.value)
        assert server.requests == []


# -- what comes back -------------------------------------------------------------------------------------------

REPLIES: Mapping[str, tuple[str, str, Mapping[str, Any], Answer]] = {
    "a listing": ("events", "ListRules", {}, answer(b'{"Rules": [{"Name": "a", "Arn": "b"}], "NextToken": null}')),
    "members that the model doesn't know": ("events", "ListRules", {}, answer(b'{"Rules": [{"Colour": "red"}]}')),
    "nothing": ("events", "DeleteRule", {"Name": "a"}, answer(b"")),
    "nothing, as an object": ("events", "PutRule", {"Name": "a"}, answer(b"{}")),
    "a time": (
        "ecs",
        "DescribeTaskDefinition",
        {"taskDefinition": "app"},
        answer(b'{"taskDefinition": {"family": "app", "revision": 3, "registeredAt": 1.5e9}, "tags": []}'),
    ),
    "bytes": (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "db"},
        answer(b'{"Name": "db", "SecretBinary": "aHVudGVyMg==", "CreatedDate": 1500000000.25}'),
    ),
    "a request's id": ("ssm", "GetParameters", {"Names": ["a"]}, answer(b"{}", "200 OK", "x-amzn-RequestId: 7")),
    "a refusal": (
        "events",
        "PutRule",
        {"Name": "a"},
        answer(b'{"__type": "ValidationException", "message": "No."}', "400 Bad Request", "x-amzn-RequestId: 7"),
    ),
    "a refusal with a namespace": (
        "ecs",
        "DescribeTasks",
        {"tasks": ["a"]},
        answer(b'{"__type": "com.amazonaws.ecs#ClusterNotFoundException", "Message": "No."}', "400 Bad Request"),
    ),
    "a refusal with an address": (
        "events",
        "ListRules",
        {},
        answer(b'{"__type": "ThrottlingException:http://internal/", "message": null}', "400 Bad Request"),
    ),
    "a refusal as old clients know it": (
        "events",
        "ListRules",
        {},
        answer(b'{"__type": "a#New"}', "400 Bad Request", "x-amzn-query-error: Old.Code;Sender"),
    ),
    "a refusal without a type": ("events", "ListRules", {}, answer(b'{"message": "No."}', "403 Forbidden")),
    "a refusal in words": ("events", "ListRules", {}, answer(b"too many", "429 Too Many Requests")),
    "a refusal without a word": ("events", "ListRules", {}, answer(b"", "503 Service Unavailable")),
    "a page": ("events", "ListRules", {}, answer(b"<html>down</html>", "502 Bad Gateway")),
    "a page of another's": ("events", "ListRules", {}, answer(b"<html>no</html>", "407 Proxy Authentication Required")),
    "who asks": ("sts", "GetCallerIdentity", {}, answer(IDENTITY)),
    "a refusal in XML": ("sts", "GetCallerIdentity", {}, answer(EXPIRED, "403 Forbidden")),
    "a page instead of XML": ("sts", "GetCallerIdentity", {}, answer(b"<html>no", "502 Bad Gateway")),
    "a redirect": ("events", "ListRules", {}, answer(b"", "302 Found", "Location: http://127.0.0.1:1/")),
}


@pytest.mark.parametrize("name", REPLIES)
def test_an_answer_is_the_client_s(environment: pytest.MonkeyPatch, name: str) -> None:
    service, operation, parameters, reply = REPLIES[name]
    with RawServer(lambda _: reply) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        ours = outcome(lambda: a_service(service).call(operation, parameters))
        client = a_client(service)
        theirs = outcome(lambda: getattr(client, xform_name(operation))(**parameters))
    assert ours == theirs


def outcome(ask: Callable[[], dict[str, Any]]) -> object:
    """The answer, or the refusal in all its parts; without a client's count of its tries."""
    try:
        found, refused = ask(), ""
    except ClientError as error:
        found, refused = dict(error.response), error.operation_name
    for tries in ("RetryAttempts", "MaxAttemptsReached"):
        found["ResponseMetadata"].pop(tries, None)
    return found, refused


def test_an_answer_of_which_all_is_wanted_is_as_aws_sent_it(environment: pytest.MonkeyPatch) -> None:
    sent = {"Targets": [{"Id": "1", "Colour": "red", "EcsParameters": {"Shape": None}}], "NextToken": None}
    with RawServer(lambda _: answer(json.dumps(sent).encode())) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        service = a_service("events", "ListTargetsByRule")
        assert service.call("ListTargetsByRule", {"Rule": "r"}) == sent
        assert service.call("ListRules", {})["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    "body", [b"", b"<html>Please sign in</html>", b'{"Rules": [', b"[]", b"null", b'"Rules"', b"\xff\xfe"]
)
@pytest.mark.parametrize("whole", [(), ("ListRules",)], ids=["read", "whole"])
def test_an_answer_that_is_no_object_is_not_an_empty_listing(
    environment: pytest.MonkeyPatch, body: bytes, whole: tuple[str, ...]
) -> None:
    with RawServer(lambda _: answer(body)) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ResponseParserError, match="isn't a JSON object"):
            a_service("events", *whole).call("ListRules", {})


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>Please sign in</html>", b"<html><p>no<br></html>", IDENTITY[:150], EXPIRED]
)
def test_who_asks_is_read_from_no_other_page(environment: pytest.MonkeyPatch, body: bytes) -> None:
    with RawServer(lambda _: answer(body)) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ResponseParserError):
            a_service("sts").call("GetCallerIdentity", {})
        with pytest.raises(AwsError, match="sts:GetCallerIdentity"):
            Aws(REGION, 1, Vault()).identity()


def test_one_address_of_sts_for_all_regions_is_left_to_a_client(environment: pytest.MonkeyPatch) -> None:
    assert made("sts")
    environment.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    assert plain_session(os.environ) is None
    assert made("sts") is None
    assert made("events")


@pytest.mark.parametrize("body", [b"", b"<html>Please sign in</html>", b'{"Rules": [', b"[]"])
def test_nor_is_it_one_behind_a_proxy(environment: pytest.MonkeyPatch, body: bytes) -> None:
    with RawServer(lambda _: answer(body)) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        environment.setenv("AWS_ENDPOINT_URL", "http://events.example")
        with pytest.raises(AwsError, match="isn't a JSON object") as error:
            Aws(REGION, 1, Vault()).call("events", "list_rules")
        assert error.value.again is Again.TRANSIENT


def test_behind_a_proxy_too_all_of_a_target_is_kept(environment: pytest.MonkeyPatch) -> None:
    sent = {"Targets": [{"Id": "1", "Colour": "red"}]}
    with RawServer(lambda _: answer(json.dumps(sent).encode())) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        environment.setenv("AWS_ENDPOINT_URL", "http://events.example")
        aws = Aws(REGION, 1, Vault())
        assert aws.call("events", "list_targets_by_rule", Rule="r")["Targets"] == sent["Targets"]


@pytest.mark.parametrize("body", [b"[]", b"7", b'{"__type": 7}', b"\xff\xfe"])
def test_a_refusal_that_is_not_aws_s_is_one_all_the_same(environment: pytest.MonkeyPatch, body: bytes) -> None:
    with RawServer(lambda _: answer(body, "400 Bad Request")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ResponseParserError, match="status 400"):
            a_service().call("ListRules", {})


# -- what the caller is told -----------------------------------------------------------------------------------


def told(environment: pytest.MonkeyPatch, reply: Answer) -> AwsError:
    with RawServer(lambda _: reply) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(AwsError) as error:
            Aws(REGION, 1, Vault()).call("events", "put_rule", Name="nightly")
        assert server.requests
    return error.value


@pytest.mark.parametrize(
    ("reply", "code", "again"),
    [
        (answer(b'{"__type": "ThrottlingException"}', "400 Bad Request"), "ThrottlingException", Again.THROTTLED),
        (answer(b"{}", "429 Too Many Requests"), "429", Again.THROTTLED),
        (answer(b'{"__type": "InternalException"}', "500 Oh"), "InternalException", Again.TRANSIENT),
        (answer(b"<html>", "503 Oh"), "503", Again.TRANSIENT),
        (
            answer(b'{"__type": "ConcurrentModificationException"}', "400 Bad Request"),
            "ConcurrentModificationException",
            Again.CONFLICT,
        ),
        (answer(b'{"__type": "ValidationException"}', "400 Bad Request"), "ValidationException", Again.NO),
        (answer(b'{"__type": "ExpiredTokenException"}', "400 Bad Request"), "ExpiredTokenException", Again.NO),
        (answer(b"<html>sign in</html>"), "ResponseParserError", Again.TRANSIENT),
        ((CLOSE,), "NoNetwork", Again.TRANSIENT),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", CLOSE), "NoNetwork", Again.TRANSIENT),
        ((b"SSH-2.0-OpenSSH\r\n\r\n", CLOSE), "NoNetwork", Again.TRANSIENT),
    ],
)
def test_what_may_be_asked_again(environment: pytest.MonkeyPatch, reply: Answer, code: str, again: Again) -> None:
    error = told(environment, reply)
    assert (error.code, error.again) == (code, again)


def test_a_silent_aws_can_be_asked_again(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(http_pool, "READ_SECONDS", 0.05)
    error = told(environment, ())
    assert (error.code, error.again) == ("NoNetwork", Again.TRANSIENT)
    assert "events:PutRule: AWS can't be reached: Read timeout on endpoint URL" in str(error)


# -- TLS -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_private_ca_is_trusted_when_it_is_named(
    environment: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    ca = PrivateCa(tmp_path)
    with RawServer(lambda _: answer(b'{"Rules": []}'), ca.context("127.0.0.1")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(AwsError, match="SSL validation failed") as error:
            Aws(REGION, 1, Vault()).call("events", "list_rules")
        assert error.value.final
        environment.setenv(variable, str(ca.path))
        aws = Aws(REGION, 1, Vault())
        assert [aws.call("events", "list_rules")["Rules"] for _ in range(2)] == [[], []]
        assert (len(server.requests), server.connections) == (2, 2)


def test_a_ca_bundle_that_is_not_there_is_told(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(AwsError, match=r"no certificates can be read from .*missing\.pem") as error:
        Aws(REGION, 1, Vault()).call("events", "list_rules")
    assert error.value.final


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateSchedule", {"Name": "a.b", "FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 day)",
                            "StartDate": datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC), "ClientToken": "t",
                            "Target": {"Arn": "arn:aws:ecs:x", "RoleArn": "r", "Input": "{\"é\":1}"}}),
        ("ListSchedules", {"GroupName": "a", "MaxResults": 100, "NextToken": "x/y+z="}),
        ("DeleteSchedule", {"Name": "a", "GroupName": "b", "ClientToken": "t"}),
        ("TagResource", {"ResourceArn": "arn:aws:scheduler:eu-central-1:1:schedule-group/a", "Tags": [{"Key": "k", "Value": "v"}]}),
        ("UntagResource", {"ResourceArn": "arn:aws:scheduler:eu-central-1:1:schedule-group/a", "TagKeys": ["k", "l m"]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", "/behind/a%20path/"])
def test_a_request_of_any_method_and_path_is_the_client_s(
    environment: pytest.MonkeyPatch, operation: str, parameters: Mapping[str, Any], path: str
) -> None:
    with RawServer(lambda _: answer(b"{}")) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url + path)
        a_service("scheduler").call(operation, parameters)
        getattr(a_client("scheduler"), xform_name(operation))(**parameters)
        (ours, our_headers, our_body), (theirs, their_headers, their_body) = map(parsed, server.requests)
    assert (ours, our_body) == (theirs, their_body)
    assert our_headers.keys() == their_headers.keys() - UNTOLD
    target = ours.split(" ")[1]
    signed = re.search(r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", our_headers["authorization"])
    assert signed
    request = AWSRequest(ours.split(" ", maxsplit=1)[0], f"http://{our_headers['host']}{target}", data=our_body)
    for name in signed[1].split(";"):
        request.headers[name] = our_headers[name]
    request.context["timestamp"] = our_headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "made-up", "a-token"), "scheduler", REGION)
    assert signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request) == signed[2]
