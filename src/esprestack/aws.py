"""The AWS edge: with json_service.py the only module that imports boto3's engine; the only one that opens secrets.

In: operation and parameters; out: AWS's answer as a dict, or AwsError that says what was refused and what to do.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from esprestack import __version__
from esprestack.errors import Again, AwsError, InputError, Problem
from esprestack.http_pool import CONNECT_SECONDS, READ_SECONDS
from esprestack.pace import Pace
from esprestack.retries import Tries, again
from esprestack.secrets import Vault

if TYPE_CHECKING:
    from esprestack.json_service import JsonServices

Answer: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[[str, Mapping[str, Any]], Answer]
"""From an operation in AWS's spelling, `PutRule`, and its parameters to the answer."""

READS_PER_WRITE = 5
"""Reads side by side for each call of `--parallel`: they can't get into each other's way (docs/decisions/0005)."""

_QUOTAS = {"resourcegroupstaggingapi": 15.0, "ecs": 20.0}
"""Calls a second that AWS allows where it isn't _QUOTA.

https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""
_QUOTA = 50.0
_SCHEDULER_QUOTAS = {
    "list_schedules": 50.0,
    "create_schedule_group": 10.0,
    "delete_schedule_group": 10.0,
    "list_tags_for_resource": 10.0,
    "tag_resource": 1.0,
}
"""Of EventBridge Scheduler each operation has a quota of its own: these, and others by region.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html
"""
_LARGE_REGIONS = frozenset(
    {
        "us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "eu-central-1", "eu-west-1", "eu-west-2", "sa-east-1",
    }
)  # fmt: skip
_SCHEDULER_LARGE, _SCHEDULER_QUOTA = 1000.0, 250.0
"""In those regions, and elsewhere."""

_CREDENTIALS_GONE = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException",
        "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
        "IncompleteSignature", "MissingAuthenticationToken", "InvalidAccessKeyId",
    }
)  # fmt: skip
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
"""The codes of what a role may not do."""
_WHOLE: Mapping[str, tuple[str, ...]] = {"events": ("ListTargetsByRule",), "scheduler": ("GetSchedule",)}
"""Answers of which nothing may be left out: PutTargets and UpdateSchedule replace what is there as a whole."""
NO_CLUSTER = "ClusterNotFoundException"
"""The code of ECS where there is no such cluster."""
_USER_AGENT = f"esprestack/{__version__}"
_LIMIT = "LimitExceededException"
_SIGN_IN = (
    "in GitHub Actions run aws-actions/configure-aws-credentials before this step (with `id-token: write`); "
    "elsewhere set AWS_PROFILE, or sign in again"
)


class Aws:
    """One region's clients. Clients are made once and shared by all threads, so that their pace is shared too."""

    def __init__(self, region: str, parallel: int, vault: Vault) -> None:
        if not region:
            todo = "add `region:` to the config or set AWS_REGION"
            raise InputError(Problem("no AWS region is known", todo=todo))
        self.region = region
        self._parallel = parallel
        self.stopped = threading.Event()
        """Set when nobody waits for answers any more: no further call is made."""
        self.open = vault.open
        """Opens the seals in a text: what is about to be sent, nothing else."""
        self._clients: dict[str, Ask] = {}
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()
        self._identifying = threading.Lock()
        self._session: Any = None
        self._json: JsonServices | None = None
        self._identity: Answer | None = None

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """The answer of `operation` (botocore's spelling, `put_rule`). Raises AwsError.

        A parameter of AWS's may be called `service` too (UpdateService's is).
        """
        return self.call_checked(lambda _: None, service, operation, **parameters)

    def call_checked(
        self, check: Callable[[Answer], None], service: str, operation: str, /, **parameters: Any
    ) -> Answer:
        """The same; `check` raises AwsError for an answer that isn't the success that its status says."""
        return self._answered(lambda: self._once(check, service, operation, parameters), lambda: None)

    def call_once(
        self, made: Callable[[], Answer | None], service: str, operation: str, /, **parameters: Any
    ) -> Answer:
        """The answer of a write that AWS would carry out as often as it is asked to (RegisterTaskDefinition).

        Where an answer is lost, `made` looks whether the write was carried out, and returns what stands for the answer,
        or None: then it is asked for again.
        """
        return self._answered(lambda: self._once(lambda _: None, service, operation, parameters), made)

    def _answered(self, ask: Callable[[], Answer], made: Callable[[], Answer | None]) -> Answer:
        tries = Tries()
        while True:
            try:
                return ask()
            except AwsError as error:
                seconds = tries.wait_after(error)
                stopped = self.stopped.wait(seconds or 0)
                if error.again is Again.TRANSIENT and not stopped and (answer := _seen(made, error)) is not None:
                    return answer
                if seconds is None or stopped:
                    raise

    def _once(
        self, check: Callable[[Answer], None], service: str, operation: str, parameters: Mapping[str, Any]
    ) -> Answer:
        name = "".join(word.title() for word in operation.split("_"))
        shown = f"{service}:{name}"
        pace = self._pace(service, operation)
        turn = pace.begin(self.stopped.wait)
        throttled = False
        try:
            if self.stopped.is_set():
                raise AwsError(Problem(f"{shown}: not asked any more, the run was stopped"), "Stopped", final=True)
            with _told(shown, parameters):
                answer = self._client(service)(name, parameters)
            check(answer)
            return answer
        except AwsError as error:
            throttled = error.again is Again.THROTTLED
            raise
        finally:
            pace.end(turn, throttled=throttled)

    def _pace(self, service: str, operation: str) -> Pace:
        """The pace of the operation where AWS counts its calls alone, else of the whole service."""
        with self._lock:
            if service != "scheduler":
                return self._paces.setdefault(service, Pace(_QUOTAS.get(service, _QUOTA)))
            of_region = _SCHEDULER_LARGE if self.region in _LARGE_REGIONS else _SCHEDULER_QUOTA
            quota = _SCHEDULER_QUOTAS.get(operation, of_region)
            return self._paces.setdefault(f"{service}:{operation}", Pace(quota))

    def prepare(self, *services: str) -> None:
        """Makes the clients ahead of their first call, which then waits for the network alone."""
        for service in services:
            with _told(service, {}):
                self._client(service)

    def pages(self, service: str, operation: str, token: str, /, **parameters: Any) -> Iterator[Answer]:
        """Every page of a listing; `token` is the member that carries on. Ends at a token that repeats itself."""
        seen = set()
        following = ""
        while True:
            answer = self.call(service, operation, **parameters, **({token: following} if following else {}))
            yield answer
            following = answer.get(token) or ""
            if not following or following in seen:
                return
            seen.add(following)

    def identity(self) -> tuple[str, str]:
        """(partition, account) of the credentials, asked once."""
        with self._identifying:
            if self._identity is None:
                self._identity = self.call("sts", "get_caller_identity")
        return self._identity["Arn"].split(":")[1], self._identity["Account"]

    def _client(self, service: str) -> Ask:
        client = self._clients.get(service)
        if client is not None:
            return client
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Ask:
        from botocore import xform_name

        from esprestack.json_service import SERVICES, JsonServices, read_strictly
        from esprestack.plain_session import plain_session

        if self._json is None:
            self._json = JsonServices(plain_session(os.environ) or self._full_session(), _USER_AGENT)
        whole = _WHOLE.get(service, ())
        if json_service := self._json.make(service, self.region, whole):
            return json_service.call
        client = self._client_of(service)
        if service in SERVICES:
            read_strictly(client, whole)
        return lambda name, parameters: dict(getattr(client, xform_name(name))(**parameters))

    def _full_session(self) -> Any:
        import botocore.session  # boto3's engine; boto3 itself would load S3's transfer manager as well

        if self._session is None:
            self._session = botocore.session.get_session()
        return self._session

    def _client_of(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # see esprestack.retries
            max_pool_connections=READS_PER_WRITE * self._parallel + 2,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            user_agent=_USER_AGENT,
        )
        return self._full_session().create_client(service, region_name=self.region, config=config)


def _seen(made: Callable[[], Answer | None], lost: AwsError) -> Answer | None:
    """What `made` sees; where it can't look the lost answer is the error, and nothing is asked for again."""
    try:
        return made()
    except AwsError:
        raise lost from None


@contextmanager
def _told(shown: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Turns what botocore raises into AwsError: what was refused, and the next step."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except exceptions.ClientError as error:
        raise _refused(shown, error.response, parameters) from None
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.ProfileNotFound,
        exceptions.TokenRetrievalError,
        exceptions.UnauthorizedSSOTokenError,
    ) as error:
        raise AwsError(Problem(f"no AWS credentials: {error}", todo=_SIGN_IN), "NoCredentials", final=True) from None
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        problem = Problem(f"{shown}: AWS can't be reached: {error}", todo="check network, proxy and region")
        raise AwsError(problem, "NoNetwork", final=True, again=Again.TRANSIENT) from None
    except exceptions.ParamValidationError as error:
        said = " ".join(str(error).split("\n")[1:]) or str(error)
        raise AwsError(Problem(f"{shown}: {said}", todo="mend the config"), "ParamValidation") from None
    except ResponseParserError as error:  # a proxy's page, half an answer
        problem = Problem(f"{shown}: {type(error).__name__}: {error}", todo="check region, endpoint and proxy")
        raise AwsError(problem, type(error).__name__, final=True, again=Again.TRANSIENT) from None
    except (exceptions.BotoCoreError, ValueError, LookupError) as error:
        problem = Problem(f"{shown}: {type(error).__name__}: {error}", todo="check region, endpoint and proxy")
        raise AwsError(problem, type(error).__name__, final=True) from None


def _refused(shown: str, answer: Mapping[str, Any], parameters: Mapping[str, Any]) -> AwsError:
    error = answer.get("Error", {})
    code, said = str(error.get("Code", "")), str(error.get("Message", ""))
    names = ("cluster",) if code == NO_CLUSTER else ("Rule", "Name", "taskDefinition")
    subject = next((parameters[key] for key in names if key in parameters), "")
    what = f"{shown}{f' of `{subject}`' if subject else ''}: {code}{f': {said}' if said else ''}"
    if code in _CREDENTIALS_GONE:
        return AwsError(Problem(what, todo=f"the credentials are not valid (any more): {_SIGN_IN}"), code, final=True)
    if code in DENIED:
        return AwsError(Problem(what, todo=f"allow {shown} in the policy of the role that runs esprestack"), code)
    if code == NO_CLUSTER:
        return AwsError(
            Problem(what, todo="check `cluster` and `region` in the config, and whose credentials these are"), code
        )
    if code == _LIMIT:
        return AwsError(Problem(what, todo="ask AWS for a higher quota, or remove what isn't needed"), code)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return AwsError(Problem(what), code, again=again(code, status))
