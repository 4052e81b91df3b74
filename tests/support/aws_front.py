"""A server on loopback that stands before moto's AWS: it records calls, and injects faults and delays.

In come signed requests of any AWS SDK whose endpoint is `AwsFront.url`; out go moto's answers, or those that
a test asked for. The front adds what moto lacks: GetResources for EventBridge rules, refusals, failed
entries, lost answers, operations that a test plays itself.
"""

import base64
import io
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any, Literal, Protocol, Self, TypeAlias, assert_never
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import botocore.session
from botocore.exceptions import UnknownServiceError
from flask import Flask
from moto.backends import SERVICE_NAMES
from moto.core import responses as moto_responses
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request as MotoRequest
from moto.core.responses import BaseResponse
from moto.core.utils import method_names_from_class
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.events.models import events_backends
from moto.events.responses import EventsHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

Parameters: TypeAlias = Mapping[str, Any]
Where: TypeAlias = Callable[[Parameters], bool]
Played: TypeAlias = Callable[[Parameters], Mapping[str, Any]]
Tagging: TypeAlias = Literal["rules", "moto", "denied"]


class RefusedError(Exception):
    """What a played operation refuses, as AWS does."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


DROPPED = 0
"""The status of a call whose connection was closed without an answer."""

READ_PREFIXES = (
    "Assume",
    "BatchGet",
    "Describe",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
)
"""Operations that change nothing begin so. What doesn't is a write: better one too many than one missed."""

FROZEN_READS = frozenset(
    {
        "GetCallerIdentity",
        "GetResources",
        "ListRuleNamesByTarget",
        "ListRules",
        "ListTagsForResource",
        "ListTargetsByRule",
    }
)

# https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
DEFAULT_RESOURCES_PER_PAGE = 50
MAX_RESOURCES_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in, and the HTTP status that went out (`DROPPED` if none did)."""

    service: str
    operation: str
    parameters: Parameters
    status: int

    @property
    def is_write(self) -> bool:
        return not self.operation.startswith(READ_PREFIXES)


class AwsFront:
    """`with AwsFront() as front:` serves an empty AWS at `front.url` until the block ends.

    Without `moto_url` moto runs inside this process, without a second connection; its state belongs to the
    process, so two such fronts share it. With `moto_url` (a moto server elsewhere) everything goes through
    its API. `latency`, `tagging` and `refuse_bad_expressions` may be set at any time.
    """

    def __init__(self, moto_url: str | None = None, *, latency: float = 0.0, tagging: Tagging = "rules") -> None:
        self.latency = latency
        """Seconds that every call takes longer."""
        self.tagging: Tagging = tagging
        """GetResources: from the tags of moto's rules, moto's own (always empty) answer, or AccessDenied."""
        self.refuse_bad_expressions = False
        """PutRule refuses an expression whose form is wrong. Values aren't looked at: this is no oracle."""
        self._at_start = (latency, tagging)
        self._moto: _Moto = _MotoElsewhere(moto_url) if moto_url else _MotoInside()
        self._lock = Lock()
        self._calls: list[Call] = []
        self._faults: list[_Fault] = []
        self._played: dict[tuple[str, str], Played] = {}
        self.more_tags: Callable[[], Mapping[str, Mapping[str, str]]] = dict
        """Tags by ARN, beside those of rules, that GetResources knows of."""
        self._memory: dict[tuple[str, ...], _Answer] | None = None
        self._writes_seen = 0
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self._respond)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.stop()
        self._moto.stop()

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL is set to."""
        if not self._server:
            raise RuntimeError("The front isn't started: use it in a with statement.")
        return self._server.url

    @property
    def moto_url(self) -> str:
        """moto itself, for what should be neither recorded nor delayed."""
        return self._moto.url

    def reset(self) -> None:
        """Empties moto, forgets calls, faults and frozen answers, and sets the switches as at the start."""
        self._moto.reset()
        with self._lock:
            self._calls.clear()
            self._faults.clear()
            self._played.clear()
            self.more_tags = dict
            self._memory = None
        self.latency, self.tagging = self._at_start
        self.refuse_bad_expressions = False

    # What was called

    @property
    def calls(self) -> list[Call]:
        """All calls since the start, `reset` or `clear`, in the order in which they were answered."""
        with self._lock:
            return list(self._calls)

    def count(self, operation: str | None = None) -> int:
        return sum(operation in (None, call.operation) for call in self.calls)

    def operations(self) -> Counter[str]:
        return Counter(call.operation for call in self.calls)

    def writes(self) -> list[Call]:
        """The calls of operations that change something, whether they succeeded or not."""
        return [call for call in self.calls if call.is_write]

    def clear(self) -> None:
        """Forgets the calls, and nothing else."""
        with self._lock:
            self._calls.clear()

    # What goes wrong

    def fail(
        self,
        operation: str,
        code: str,
        message: str = "The front was told to fail.",
        *,
        status: int = 400,
        times: int | None = 1,
        nth: int | None = None,
        where: Where | None = None,
    ) -> None:
        """Refuses calls of an operation (those for which `where` holds), and moto never hears of them.

        The first `times` calls are refused, or all with None. With `nth` they begin at the nth from now.
        """
        self._add(_Fault(operation, lambda call, _: _refusal(call, code, message, status), times, nth, where))

    def fail_entries(
        self,
        operation: str = "PutTargets",
        code: str = "ConcurrentModificationException",
        message: str = "The front was told to fail.",
        *,
        times: int | None = 1,
        nth: int | None = None,
        where: Where | None = None,
    ) -> None:
        """Answers 200 with every entry failed, as PutTargets and RemoveTargets do; nothing is stored."""
        self._add(_Fault(operation, lambda call, _: _all_failed(call, code, message), times, nth, where))

    def drop(
        self,
        operation: str,
        *,
        after_storing: bool = True,
        times: int | None = 1,
        nth: int | None = None,
        where: Where | None = None,
    ) -> None:
        """Closes the connection without an answer, once the call was carried out or instead of it."""

        def act(_: _Request, carry_out: _CarryOut) -> None:
            if after_storing:
                carry_out()

        self._add(_Fault(operation, act, times, nth, where))

    # What a test plays itself

    def play(self, operation: str, answer: Played, *, service: str = "") -> None:
        """From now on `answer` answers the operation (of the service) instead of moto; faults go before it.

        For services that speak JSON. What `answer` refuses it raises as RefusedError.
        """
        with self._lock:
            self._played[service, operation] = answer

    # What is remembered

    def freeze(self) -> None:
        """Answers repeated reads (`FROZEN_READS`) from memory until the next write: moto's CPU time is saved.

        They are still counted and delayed. Writes that go to `moto_url` aren't noticed.
        """
        with self._lock:
            self._memory = {}

    def thaw(self) -> None:
        with self._lock:
            self._memory = None

    # How a request is answered

    def _respond(self, request: "_Request") -> "_Answer | None":
        if self.latency:
            time.sleep(self.latency)
        fault = self._fault_for(request)
        answer = fault.act(request, lambda: self._carry_out(request)) if fault else self._recall_or_ask(request)
        status = answer.status if answer else DROPPED
        with self._lock:
            self._calls.append(Call(request.service, request.operation, request.parameters, status))
        return answer

    def _add(self, fault: "_Fault") -> None:
        with self._lock:
            self._faults.append(fault)

    def _fault_for(self, request: "_Request") -> "_Fault | None":
        """The first fault that is due. Every fault counts the calls it matches, also those it doesn't get."""
        with self._lock:
            matching = [fault for fault in self._faults if fault.matches(request)]
            for fault in matching:
                fault.seen += 1
            chosen = next((fault for fault in matching if fault.is_due), None)
            if chosen:
                chosen.fired += 1
            return chosen

    def _recall_or_ask(self, request: "_Request") -> "_Answer":
        if request.operation not in FROZEN_READS:
            return self._carry_out(request)
        key = (self.tagging, request.service, request.region, request.operation, request.body.decode())
        with self._lock:
            known = self._memory.get(key) if self._memory is not None else None
            writes_seen = self._writes_seen
        if known:
            return known
        answer = self._carry_out(request)
        with self._lock:
            # A write that ended meanwhile may have made this answer old.
            if self._memory is not None and answer.status == HTTPStatus.OK and writes_seen == self._writes_seen:
                self._memory[key] = answer
        return answer

    def _carry_out(self, request: "_Request") -> "_Answer":
        played = self._played.get((request.service, request.operation)) or self._played.get(("", request.operation))
        if played:
            try:
                return _json(played(request.parameters))
            except RefusedError as error:
                return _refusal(request, error.code, error.message, error.status)
        if request.operation == "GetResources" and request.service == "tagging":
            return self._resources(request)
        if self.refuse_bad_expressions and request.operation == "PutRule":
            expression = request.parameters.get("ScheduleExpression")
            if expression and not _looks_right(expression):
                message = "Parameter ScheduleExpression is not valid."
                return _refusal(request, "ValidationException", message, 400)
        answer = self._moto.send(request)
        if not request.operation.startswith(READ_PREFIXES):
            with self._lock:
                self._writes_seen += 1
                if self._memory:
                    self._memory.clear()
        return answer

    def _resources(self, request: "_Request") -> "_Answer":
        match self.tagging:
            case "rules":
                return _get_resources(request, {**self._moto.tags_of_rules(request), **self.more_tags()})
            case "moto":
                return self._moto.send(request)
            case "denied":
                message = "User is not authorized to perform: tag:GetResources"
                return _refusal(request, "AccessDeniedException", message, 400)
            case _:
                assert_never(self.tagging)


# Requests and answers


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    """Path and query as they stood in the request line."""
    headers: Mapping[str, str]
    """The names are in lower case."""
    body: bytes
    service: str
    """The name under which the request was signed: GetResources' is `tagging`."""
    region: str
    operation: str
    parameters: Parameters
    speaks_xml: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_CarryOut: TypeAlias = Callable[[], _Answer]


@dataclass(slots=True)
class _Fault:
    operation: str
    act: Callable[[_Request, _CarryOut], _Answer | None]
    times: int | None
    nth: int | None
    where: Where | None
    seen: int = 0
    fired: int = 0

    def matches(self, request: _Request) -> bool:
        return self.operation == request.operation and (self.where is None or self.where(request.parameters))

    @property
    def is_due(self) -> bool:
        return self.seen >= (self.nth or 1) and (self.times is None or self.fired < self.times)


_SCOPE = re.compile(r"Credential=[^/]*/\d+/([^/]+)/([^/]+)/")


def _read(method: str, target: str, headers: Mapping[str, str], body: bytes) -> _Request:
    scope = _SCOPE.search(headers.get("authorization", ""))
    # Unsigned are AssumeRoleWithWebIdentity and AssumeRoleWithSAML, and they are sts'.
    region, service = (scope[1], scope[2]) if scope else ("", "sts")
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    parameters: Parameters
    if action := headers.get("x-amz-target"):
        operation, parameters = action.rpartition(".")[2], json.loads(body or b"{}")
    elif form:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = fields.pop("Action", "")
        fields.pop("Version", None)
        parameters = fields
    else:
        operation, parameters = _read_rest(service, method, target, body)
    return _Request(method, target, headers, body, service, region, operation, parameters, form or service == "s3")


def _refusal(request: _Request, code: str, message: str, status: int) -> _Answer:
    if not request.speaks_xml:
        return _json({"__type": code, "message": message}, status, (("x-amzn-ErrorType", code),))
    text = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>front</RequestId></ErrorResponse>"
    )
    return _Answer(status, (("Content-Type", "text/xml"),), text.encode())


def _all_failed(request: _Request, code: str, message: str) -> _Answer:
    entries = request.parameters.get("Targets") or [{"Id": one} for one in request.parameters.get("Ids", [])]
    failed = [{"TargetId": entry["Id"], "ErrorCode": code, "ErrorMessage": message} for entry in entries]
    return _json({"FailedEntryCount": len(failed), "FailedEntries": failed})


def _json(content: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> _Answer:
    kind = ("Content-Type", "application/x-amz-json-1.1")
    return _Answer(status, (kind, *headers), json.dumps(content).encode())


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
_RATE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)")
_CRON = re.compile(r"cron\(([-0-9A-Za-z,*/?#\s]+)\)")


def _looks_right(expression: str) -> bool:
    if _RATE.fullmatch(expression):
        return True
    cron = _CRON.fullmatch(expression)
    fields = cron[1].split() if cron else []
    return len(fields) == 6 and (fields[2], fields[4]).count("?") == 1


# GetResources


def _get_resources(request: _Request, every: Mapping[str, Mapping[str, str]]) -> _Answer:
    asked = request.parameters
    size = asked.get("ResourcesPerPage", DEFAULT_RESOURCES_PER_PAGE)
    if not 1 <= size <= MAX_RESOURCES_PER_PAGE:
        return _refusal(request, "InvalidParameterException", "ResourcesPerPage must be 1 to 100.", 400)
    after = _arn_of(asked.get("PaginationToken", ""))
    if after is None:
        return _refusal(request, "PaginationTokenExpiredException", "The token isn't of this front.", 400)
    types = asked.get("ResourceTypeFilters") or ["events:rule"]
    arns = asked.get("ResourceARNList") or every
    found = sorted(
        arn
        for arn, tags in every.items()
        if arn > after and arn in arns and not _types_of(arn).isdisjoint(types)
        if tags and all(_has(tags, wanted) for wanted in asked.get("TagFilters", []))
    )
    page = found[:size]
    token = _token_of(page[-1]) if len(found) > size else ""
    mappings = [
        {
            "ResourceARN": arn,
            "Tags": [{"Key": key, "Value": value} for key, value in every[arn].items()],
        }
        for arn in page
    ]
    return _json({"PaginationToken": token, "ResourceTagMappingList": mappings})


def _types_of(arn: str) -> set[str]:
    """The filters that let a resource through: `events` and `events:rule` for a rule."""
    service, kind = arn.split(":")[2], arn.split(":")[5].partition("/")[0]
    return {service, f"{service}:{kind}"}


def _has(tags: Mapping[str, str], wanted: Parameters) -> bool:
    values = wanted.get("Values") or tags.values()
    return tags.get(wanted["Key"]) in values


def _token_of(arn: str) -> str:
    return base64.urlsafe_b64encode(arn.encode()).decode()


def _arn_of(token: str) -> str | None:
    """The last ARN of the page before (empty for a first page: all sort after it), or None: no such token."""
    try:
        arn = base64.urlsafe_b64decode(token).decode()
    except ValueError:
        return None
    return arn if arn.startswith("arn:") or not token else None


# moto


class _Moto(Protocol):
    @property
    def url(self) -> str: ...
    def send(self, request: _Request) -> _Answer: ...
    def tags_of_rules(self, request: _Request) -> Mapping[str, Mapping[str, str]]:
        """The tags of all rules by ARN, as the account and region of the request have them."""

    def reset(self) -> None: ...
    def stop(self) -> None: ...


_numbers = count(1)


def _request_id(headers: dict[str, Any] | None = None) -> str:
    """A new one, which goes into the headers; moto draws its own by chance, letter by letter."""
    number = f"{next(_numbers):052}"
    if headers is not None:
        headers["x-amzn-requestid"] = number
    return number


# A third of what moto does for a request, whatever is asked for.
vars(moto_responses).update(gen_amzn_requestid_long=_request_id, method_names_from_class=cache(method_names_from_class))


class _MotoInside:
    """moto's WSGI application called directly: its own server closes connections and takes twice the time."""

    def __init__(self) -> None:
        self._application = _Dispatcher(_make_app)
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        self._server = self._server or _Server(self.send)
        return self._server.url

    def send(self, request: _Request) -> _Answer:
        parts = urlsplit(request.target)
        host, _, port = request.headers.get("host", "").partition(":")
        environ = {f"HTTP_{_environ_name(name)}": value for name, value in request.headers.items()} | {
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": request.target,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path, "latin-1"),
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        handler = _HANDLERS.get(request.service)
        if handler and "x-amz-target" in request.headers:
            return _handled(handler, environ)
        chunks, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return _Answer(int(status[:3]), _kept(headers.items()), b"".join(chunks))

    def tags_of_rules(self, request: _Request) -> Mapping[str, Mapping[str, str]]:
        backend = events_backends[DEFAULT_ACCOUNT_ID][request.region]
        arns = [rule.arn for bus in list(backend.event_buses.values()) for rule in list(bus.rules.values())]
        return {arn: backend.tagger.get_tag_dict_for_resource(arn) for arn in arns}

    def reset(self) -> None:
        self.send(_read("POST", "/moto-api/reset", {}, b""))

    def stop(self) -> None:
        if self._server:
            self._server.stop()


_HANDLERS: Mapping[str, type[BaseResponse]] = {"events": EventsHandler, "ecs": EC2ContainerServiceResponse}
"""Of the services that are asked most: each has one address, and a third of the time would be Flask's."""


def _handled(handler: type[BaseResponse], environ: dict[str, Any]) -> _Answer:
    asked = MotoRequest(environ)
    try:
        status, headers, body = handler.dispatch(asked, asked.raw_url, dict(asked.headers))
    except Exception:  # noqa: BLE001 - moto's own failures become answers with status 500
        return _Answer(500, (("Content-Type", "text/html"),), b"moto failed")
    return _Answer(int(status), _kept(headers.items()), body.encode() if isinstance(body, str) else body)


class _Dispatcher(DomainDispatcherApplication):
    """Remembers which backend serves a host: moto would list its own folder anew at every request."""

    def __init__(self, create_app: Callable[[SERVICE_NAMES], Flask]) -> None:
        super().__init__(create_app)
        self.get_backend_for_host = cache(super().get_backend_for_host)  # type: ignore[method-assign]


def _make_app(service: SERVICE_NAMES) -> Flask:
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = False  # moto's own failures become answers with status 500
    return app


def _environ_name(header: str) -> str:
    return header.upper().replace("-", "_")


class _MotoElsewhere:
    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._address = urlsplit(url).netloc

    def send(self, request: _Request) -> _Answer:
        connection = HTTPConnection(self._address)  # one for each call: moto's server closes it anyway
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = connection.getresponse()
            return _Answer(answer.status, _kept(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def tags_of_rules(self, request: _Request) -> Mapping[str, Mapping[str, str]]:
        def ask(operation: str, **parameters: str) -> Any:
            # moto looks at the signature's scope only, and takes the account from its key
            scope = request.headers["authorization"].replace("/tagging/", "/events/")
            headers = {"authorization": scope, "x-amz-target": f"AWSEvents.{operation}"}
            return json.loads(self.send(_read("POST", "/", headers, json.dumps(parameters).encode())).body)

        def rules(bus: str) -> list[str]:
            page = ask("ListRules", EventBusName=bus)
            arns = [rule["Arn"] for rule in page["Rules"]]
            while page.get("NextToken"):
                page = ask("ListRules", EventBusName=bus, NextToken=page["NextToken"])
                arns += [rule["Arn"] for rule in page["Rules"]]
            return arns

        arns = [arn for bus in ask("ListEventBuses")["EventBuses"] for arn in rules(bus["Name"])]
        return {
            arn: {tag["Key"]: tag["Value"] for tag in ask("ListTagsForResource", ResourceARN=arn)["Tags"]}
            for arn in arns
        }

    def reset(self) -> None:
        self.send(_read("POST", "/moto-api/reset", {}, b""))

    def stop(self) -> None:
        """The server belongs to whoever started it."""


_NOT_KEPT = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})


def _kept(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in _NOT_KEPT)


# Services that name the operation by method and path (Scheduler, S3)


@dataclass(frozen=True, slots=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    members: Mapping[str, str]
    """The SDK's names of what stands in the path and the query."""


def _read_rest(service: str, method: str, target: str, body: bytes) -> tuple[str, Parameters]:
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    for route in _routes(service):
        path = route.path.fullmatch(parts.path)
        if route.method == method and path and route.query <= set(query):
            inside = json.loads(body) if body.startswith(b"{") and service != "s3" else {}
            outside = [*((name, unquote(value)) for name, value in path.groupdict().items()), *query]
            return route.operation, inside | {route.members.get(name, name): value for name, value in outside}
    return f"{method} {parts.path}", dict(query)


@cache
def _routes(service: str) -> list[_Route]:
    """The operations of a service (its signing name being its name), the longest queries first."""
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return []
    operations = [model.operation_model(name) for name in model.operation_names]
    # PutObject and CopyObject share method and path: what needs less comes first
    operations.sort(key=lambda one: len(one.input_shape.required_members) if one.input_shape else 0)
    return sorted(map(_route, operations), key=lambda route: -len(route.query))


def _route(operation: Any) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = re.sub(
        r"\\\{(\w+)(\\\+)?\\\}",
        lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})",
        re.escape(path),
    )
    shapes = operation.input_shape.members if operation.input_shape else {}
    members = {shape.serialization.get("name", name): name for name, shape in shapes.items()}
    spelt_out = frozenset(parse_qsl(query, keep_blank_values=True))
    return _Route(operation.name, operation.http["method"], re.compile(pattern), spelt_out, members)


# The server


class _Server(ThreadingHTTPServer):
    """Serves from when it is made until `stop`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, respond: Callable[[_Request], _Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.respond = respond
        self._thread = Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that went away is no error of ours
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    raw_requestline: bytes

    def parse_request(self) -> bool:
        """Line and headers as they are: the parser for e-mail that is used otherwise takes longer than the answer."""
        self.requestline = self.raw_requestline.decode("latin-1").rstrip("\r\n")
        self.command, self.path, self.request_version = self.requestline.split(" ")
        self.fields: dict[str, str] = {}
        while (line := self.rfile.readline(65_537)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            self.fields[name.lower()] = value.strip()
        self.close_connection = self.fields.get("connection", "").lower() == "close"
        return self.fields.get("expect", "").lower() != "100-continue" or self.handle_expect_100()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.fields.get("content-length", 0)))
        answer = self.server.respond(_read(self.command, self.path, self.fields, body))
        if answer is None:
            self.close_connection = True
            return
        lines = [
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
            *(f"{name}: {value}" for name, value in answer.headers),
            f"Content-Length: {len(answer.body)}",
        ]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head + answer.body)  # one packet

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing is printed: `calls` has it all."""
