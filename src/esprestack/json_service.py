"""Calls to the AWS services that speak JSON, and to STS, for a fraction of a botocore client's processor time.

The model that requests are held against and answers are read by, the credentials, the signature and the errors are
botocore's own. Ours is how they are put together for one call, the address, and how the bytes travel. Whatever isn't
plain (a proxy, FIPS, a profile with endpoints of its own) is left to the client: docs/decisions/0015.
"""

import json
import os
import ssl
import threading
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from botocore import exceptions, parsers, serialize
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.model import ServiceModel
from botocore.utils import (
    get_environ_proxies,
    is_valid_endpoint_url,
    is_valid_ipv6_endpoint_url,
    percent_encode_sequence,
)

from esprestack.http_pool import BrokenReplyError, HttpPool, NotConnectedError, Reply
from esprestack.signature import Signer, beginning, utc_now

SERVICES = frozenset(
    {
        "application-autoscaling", "ecr", "ecs", "events", "logs", "resourcegroupstaggingapi", "scheduler",
        "secretsmanager", "ssm",
    }
)  # fmt: skip
"""The services called here that speak JSON, and have the usual address in every region.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

FORMS = frozenset({"sts"})
"""Those that take a form and answer with XML: the one that says whose account it is, where no rule in AWS does.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""
_PROTOCOLS = frozenset({"json", "rest-json", "query"})

_MODEL = "service-2"
_REDIRECT = 300
"""The first status of those that aren't a success."""


class JsonServices:
    """Makes `JsonService`s; those of one botocore session share its credentials and trusted certificates."""

    def __init__(self, session: Any, user_agent: str) -> None:
        self._session = session
        self._loader = session.get_component("data_loader")
        self._user_agent = user_agent
        self._making = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def make(self, service: str, region: str, whole: Collection[str]) -> "JsonService | None":
        """The service in a region; None where a botocore client has to be made.

        Of the operations in `whole` the answers are as AWS sent them: botocore leaves out what its model doesn't know
        yet, the next write would then strip it, and nobody would see.
        """
        if service not in SERVICES | FORMS or not self._is_plain(service):
            return None
        version = self._loader.determine_latest_version(service, _MODEL)
        model = ServiceModel(self._loader.load_data(f"{service}/{version}/{_MODEL}"), service)
        url = self._url(model, region)
        if model.resolved_protocol not in _PROTOCOLS or not url or get_environ_proxies(url).get(urlsplit(url).scheme):
            return None
        pool = HttpPool(url, self._tls)
        return JsonService(model, region, url, self._session.get_credentials(), pool, whole, self._user_agent)

    def _is_plain(self, service: str) -> bool:
        """Whether nothing is configured that changes a service's address, model or signature.

        The variables AWS_ENDPOINT_URL are plain: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        said = self._session.get_config_variable
        profile = self._session.get_scoped_config()
        return not (
            (service == "sts" and said("sts_regional_endpoints") == "legacy")  # one address for most regions
            or any(map(said, ("use_fips_endpoint", "use_dualstack_endpoint", "ignore_configured_endpoint_urls")))
            or any(map(said, ("api_versions", "data_path")))
            or Path(self._loader.CUSTOMER_DATA_PATH).is_dir()
            or any(key in profile for key in ("endpoint_url", "services", service))
        )

    def _url(self, model: ServiceModel, region: str) -> str | None:
        """Where the service is; None for a region or an endpoint that isn't known to be one."""
        partitions = self._loader.load_data("partitions")["partitions"]
        suffix = next((item["outputs"]["dnsSuffix"] for item in partitions if region in item["regions"]), None)
        if suffix is None or (model.service_name in FORMS and region.endswith("-global")):
            return None
        variable = f"AWS_ENDPOINT_URL_{str(model.service_id).replace(' ', '_').upper()}"
        if given := os.environ.get(variable) or os.environ.get("AWS_ENDPOINT_URL"):
            return given if is_valid_endpoint_url(given) or is_valid_ipv6_endpoint_url(given) else None
        return f"https://{model.endpoint_prefix}.{region}.{suffix}"

    def _tls(self) -> ssl.SSLContext:
        """botocore's context with the certificates that botocore trusts. Raises ssl.SSLError.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html (ca_bundle)
        """
        with self._making:
            if self._context is None:
                trusted = self._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE", True)
                context: ssl.SSLContext = create_urllib3_context()
                context.check_hostname = True
                context.set_alpn_protocols(["http/1.1"])
                path = get_cert_path(trusted)
                try:
                    context.load_verify_locations(path)
                except OSError as error:
                    raise ssl.SSLError(f"no certificates can be read from {path}: {error}") from error
                self._context = context
            return self._context


class JsonService:
    """One service in one region."""

    def __init__(
        self,
        model: ServiceModel,
        region: str,
        url: str,
        credentials: Any,
        pool: HttpPool,
        whole: Collection[str],
        user_agent: str,
    ) -> None:
        self._model = model
        self._signer = Signer(model.signing_name, region)
        self._begin = beginning("POST", pool.target)
        self.url = url
        """Where it is."""
        self._credentials = credentials
        self._pool = pool
        self._whole = whole
        self._always = {"Host": pool.host, "User-Agent": user_agent}
        self._serializer = serialize.create_serializer(model.resolved_protocol, include_validation=True)
        self._parser = parsers.create_parser(model.resolved_protocol)
        self._is_xml = model.resolved_protocol == "query"

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of `operation` (AWS's spelling, `PutRule`). Raises what a botocore client raises.

        Where an object is due, anything else is a ResponseParserError: a client takes it for an empty object.
        """
        model = self._model.operation_model(operation)
        given = dict(parameters)
        for member in model.idempotent_members:
            given.setdefault(member, str(uuid.uuid4()))
        request = self._serializer.serialize_to_request(given, model)
        reply = self._sent(request)
        return self._refused(model, reply) if reply.status >= _REDIRECT else self._answer(model, reply)

    def _sent(self, request: Mapping[str, Any]) -> Reply:
        if self._credentials is None:
            raise exceptions.NoCredentialsError
        method, target, body = request["method"], self._target(request), request["body"]
        if isinstance(body, dict):
            body = urlencode(body, doseq=True).encode()
        begin = self._begin if target == self._pool.target else beginning(method, target)
        keys = self._credentials.get_frozen_credentials()  # new ones, if they were about to end
        headers = self._signer.signed(begin, {**self._always, **request["headers"]}, body, keys, utc_now())
        try:
            return self._pool.send(method, target, headers, body)
        except NotConnectedError as error:
            if isinstance(error.__cause__, TimeoutError):
                raise exceptions.ConnectTimeoutError(endpoint_url=self.url, error=error) from error
            raise exceptions.EndpointConnectionError(endpoint_url=self.url, error=error) from error
        except ssl.SSLError as error:
            raise exceptions.SSLError(endpoint_url=self.url, error=error) from error
        except TimeoutError as error:
            raise exceptions.ReadTimeoutError(endpoint_url=self.url, error=error) from error
        except (OSError, BrokenReplyError) as error:
            raise exceptions.ConnectionClosedError(endpoint_url=self.url, error=error) from error

    def _target(self, request: Mapping[str, Any]) -> str:
        """Path and query of a request, behind those of the service's own address."""
        if request["url_path"] == "/" and not request["query_string"]:
            return self._pool.target
        path = self._pool.target.removesuffix("/") + request["url_path"]
        return f"{path}?{percent_encode_sequence(request['query_string'])}" if request["query_string"] else path

    def _refused(self, model: Any, reply: Reply) -> NoReturn:
        try:
            parsed = self._parser.parse(_response(reply), model.output_shape)
        except (AttributeError, TypeError, ValueError) as error:
            what = f"an answer with status {reply.status} that isn't AWS's"
            raise parsers.ResponseParserError(what) from error
        raise exceptions.ClientError(parsed, model.name)

    def _answer(self, model: Any, reply: Reply) -> dict[str, Any]:
        if self._is_xml:
            return self._read_xml(model, reply)
        raw = _object(reply.body, model)
        if model.name in self._whole:
            return raw
        answer: dict[str, Any] = self._parser.parse(_response(reply), model.output_shape)
        return answer

    def _read_xml(self, model: Any, reply: Reply) -> dict[str, Any]:
        """Raises ResponseParserError for what isn't this operation's answer; botocore raises anything, or nothing."""
        try:
            answer: dict[str, Any] = self._parser.parse(_response(reply), model.output_shape)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise parsers.ResponseParserError("the answer isn't AWS's XML: who answers isn't AWS") from error
        if not answer.keys() - {"ResponseMetadata"}:
            raise parsers.ResponseParserError("the answer says nothing: who answers isn't AWS")
        return answer


def read_strictly(client: Any, whole: Collection[str]) -> None:
    """Makes a client of one of SERVICES take for an answer what `JsonService` does, and leave out as little."""

    def read(
        operation_model: Any, response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: Any
    ) -> None:
        if response_dict["status_code"] < _REDIRECT:
            raw = _object(response_dict["body"], operation_model)
            if operation_model.name in whole:
                customized_response_dict.update(raw)

    client.meta.events.register(f"before-parse.{client.meta.service_model.service_id.hyphenize()}", read)


def _object(body: bytes, model: Any) -> dict[str, Any]:
    """The object in an answer's body. Raises ResponseParserError where one is due and isn't there."""
    if not body and not (model.output_shape and model.output_shape.members):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise parsers.ResponseParserError("the answer isn't a JSON object: who answers isn't AWS")
    return found


def _response(reply: Reply) -> dict[str, Any]:
    """The answer as botocore's parser takes it."""
    return {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
