"""The text of a Terraform state, from wherever it lies; S3 is in tests/aws, where there is one."""

import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from esprestack.state_text import LARGEST, StateUnreadableError
from esprestack.states import Caller, StateReader, is_local, shown

POINTER = ".terraform/terraform.tfstate"


class Asked(NamedTuple):
    path: str
    authorization: str | None


class Web:
    """A web server on loopback: `answers` by path, a text or (status, headers, text); it remembers who asked."""

    def __init__(self) -> None:
        self.answers: dict[str, str | tuple[int, dict[str, str], str]] = {}
        self.asked: list[Asked] = []
        web = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(Asked(self.path, self.headers["Authorization"]))
                answer = web.answers.get(self.path, (404, {}, "the-body"))
                status, headers, text = answer if isinstance(answer, tuple) else (200, {}, answer)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def a_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Web]]:
    monkeypatch.setenv("NO_PROXY", "*")
    made: list[Web] = []

    def make() -> Web:
        made.append(Web())
        return made[-1]

    yield make
    for web in made:
        web.stop()


@pytest.fixture
def web(a_web: Callable[[], Web]) -> Web:
    return a_web()


class Places:
    """A config's folder and the working folder, and states read for the config."""

    def __init__(self, path: Path) -> None:
        self.config, self.working = path / "config", path / "working"
        self.config.mkdir()
        self.working.mkdir()

    def put(self, name: str, content: str | Mapping[str, Any], folder: Path | None = None) -> Path:
        path = (folder or self.config) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    def points_to(self, kind: str, **config: Any) -> None:
        self.put(POINTER, {"version": 3, "serial": 1, "backend": {"type": kind, "config": config}})

    def read(self, location: str, **environ: str) -> str:
        return StateReader(self.config, self.working, environ, _no_aws).read(location)

    def refusal(self, location: str, **environ: str) -> tuple[str, str]:
        with pytest.raises(StateUnreadableError) as error:
            self.read(location, **environ)
        return error.value.what, error.value.todo


def _no_aws(region: str) -> Caller:
    raise AssertionError("nothing here lies in AWS")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


# -- locations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "local"),
    [
        ("terraform.tfstate", True), ("../a/b.tfstate", True), ("/a/b.tfstate", True), ("file:///a/b.tfstate", True),
        ("http://a/b", False), ("https://a/b", False), ("s3://bucket/key", False), ("remote://host/org/name", False),
        ("gs://bucket/key", False),
    ],
)  # fmt: skip
def test_a_location_is_a_file_or_elsewhere(location: str, local: bool) -> None:
    assert is_local(location) is local


def test_a_location_is_shown_without_name_and_password() -> None:
    assert shown("https://me:hunter22@example.com/a@b") == "https://example.com/a@b"
    assert shown("s3://bucket/key") == "s3://bucket/key"


@pytest.mark.parametrize(
    ("location", "what"),
    [
        ("gs://bucket/key", "gs:// is not supported yet"),
        ("azurerm://group/account/container/blob", "azurerm:// is not supported yet"),
        ("ftp://host/key", "`ftp://` is no place of a state"),
        ("s3://", "bucket or key is missing"),
        ("s3://bucket", "bucket or key is missing"),
        ("s3://bucket/", "bucket or key is missing"),
        ("remote://", "host, organization or workspace is missing"),
        ("remote://host/org", "host, organization or workspace is missing"),
    ],
)
def test_what_is_no_place_of_a_state_is_told_with_a_way_out(places: Places, location: str, what: str) -> None:
    told, todo = places.refusal(location, TFE_TOKEN="token")
    assert told == what
    assert todo


# -- files -----------------------------------------------------------------------------------------------------


def test_a_relative_path_counts_from_the_configs_folder_and_then_from_the_working_folder(places: Places) -> None:
    places.put("a.tfstate", "of the working folder", places.working)
    assert places.read("a.tfstate") == "of the working folder"
    places.put("a.tfstate", "of the config's folder")
    assert places.read("a.tfstate") == "of the config's folder"


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_an_absolute_path_can_be_a_url(places: Places, form: str) -> None:
    assert places.read(form.format(places.put("a.tfstate", "text"))) == "text"


def test_a_url_of_a_file_is_unquoted_and_a_path_is_not(places: Places) -> None:
    places.put("a b%20c", "text")
    assert places.read(f"file://{places.config}/a%20b%2520c") == places.read("a b%20c") == "text"


def test_a_file_that_is_not_there_is_looked_for_in_both_folders(places: Places) -> None:
    assert places.refusal("a.tfstate") == (
        "there is no such file",
        f"looked in {places.config} and {places.working}",
    )


@pytest.mark.parametrize("name", ["", ".", "a\0b", "x" * 5000, "a.tfstate/b"])
def test_what_can_be_no_file_is_told(places: Places, name: str) -> None:
    places.put("a.tfstate", "text")
    assert places.refusal(name)[0]


def test_a_file_that_is_no_text_is_told(places: Places) -> None:
    (places.config / "a.tfstate").write_bytes(b"\xff\xfe")
    assert places.refusal("a.tfstate") == ("it isn't UTF-8", "is this a state?")


def test_a_file_that_is_too_large_is_told(places: Places) -> None:
    with places.put("a.tfstate", "").open("r+b") as file:
        file.truncate(LARGEST + 1)
    assert places.refusal("a.tfstate") == ("it is larger than 50 MB", "is this a state?")


# -- what .terraform/terraform.tfstate points to ---------------------------------------------------------------


def test_a_local_backend_counts_from_the_root_module(places: Places) -> None:
    places.points_to("local", path="states/main.tfstate")
    places.put("states/main.tfstate", "text")
    assert places.read(POINTER) == "text"
    assert StateReader(places.working, places.working, {}, _no_aws).read(str(places.config / POINTER)) == "text"


def test_a_local_backend_without_a_path_has_terraforms_own(places: Places) -> None:
    places.points_to("local")
    places.put("terraform.tfstate", "text")
    assert places.read(POINTER) == "text"


def test_a_workspace_is_the_environments_or_the_one_that_was_selected(places: Places) -> None:
    places.points_to("local", path="main.tfstate")
    places.put("main.tfstate", "default")
    places.put("terraform.tfstate.d/blue/terraform.tfstate", "blue")
    places.put("terraform.tfstate.d/green/terraform.tfstate", "green")
    assert places.read(POINTER) == "default"
    places.put(".terraform/environment", "blue\n")
    assert places.read(POINTER) == "blue"
    assert places.read(POINTER, TF_WORKSPACE="green") == "green"
    assert places.read(POINTER, TF_WORKSPACE="default") == "default"


def test_the_folder_of_workspaces_can_be_another(places: Places) -> None:
    places.points_to("local", workspace_dir="spaces")
    places.put("spaces/blue/terraform.tfstate", "blue")
    assert places.read(POINTER, TF_WORKSPACE="blue") == "blue"


def test_a_local_backend_is_followed_once(places: Places) -> None:
    places.points_to("local", path=POINTER)
    assert json.loads(places.read(POINTER))["backend"]["type"] == "local"


@pytest.mark.parametrize("kind", ["gcs", "azurerm", "consul"])
def test_a_backend_that_cannot_be_read_is_named(places: Places, kind: str) -> None:
    places.points_to(kind, bucket="b")
    assert places.refusal(POINTER) == (f"its backend `{kind}` is not supported yet", "name the state itself in `url:`")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"version": 4, "resources": [], "backend": {"type": "s3", "config": {}}}),
        json.dumps({"version": 4, "outputs": {"backend": {"value": "s3"}}}),
        json.dumps({"backend": "s3"}),
        '{"backend": ',
        '["backend"]',
    ],
)
def test_a_file_that_names_no_backend_is_the_state(places: Places, text: str) -> None:
    places.put("a.tfstate", text)
    assert places.read("a.tfstate") == text


@pytest.mark.parametrize("config", [None, [], {}, {"bucket": None, "key": None}, {"bucket": "b"}, {"key": "k"}])
def test_a_backend_whose_place_is_not_written_down_is_told(places: Places, config: Any) -> None:
    """`terraform init -backend-config` leaves such files."""
    places.put(POINTER, {"version": 3, "backend": {"type": "s3", "config": config}})
    assert places.refusal(POINTER, TF_WORKSPACE="blue")[0] == "bucket or key is missing"


# -- web servers -----------------------------------------------------------------------------------------------


def test_a_state_can_be_on_a_web_server(places: Places, web: Web) -> None:
    web.answers["/a.tfstate?v=1"] = "text"
    assert places.read(f"{web.url}/a.tfstate?v=1") == "text"
    assert web.asked == [Asked("/a.tfstate?v=1", None)]


def test_name_and_password_of_a_url_are_sent(places: Places, web: Web) -> None:
    web.answers["/a"] = "text"
    assert places.read(f"http://me:p%40ss@{web.address}/a") == "text"
    assert web.asked == [Asked("/a", "Basic bWU6cEBzcw==")]


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_status_that_is_no_success_is_told_without_the_body(places: Places, web: Web, status: int) -> None:
    web.answers["/a"] = (status, {}, "hunter22")
    told = places.refusal(f"{web.url}/a")
    assert told == (f"the server answers {status}", "check the address and who may read it")


def test_a_redirect_is_followed(places: Places, web: Web) -> None:
    web.answers |= {"/a": (302, {"Location": "/b"}, ""), "/b": "text"}
    assert places.read(f"{web.url}/a") == "text"


def test_a_redirect_to_another_server_gets_no_password(places: Places, web: Web, a_web: Callable[[], Web]) -> None:
    other = a_web()
    web.answers["/a"] = (302, {"Location": f"{other.url}/b"}, "")
    other.answers["/b"] = "text"
    assert places.read(f"http://me:hunter22@{web.address}/a") == "text"
    assert other.asked == [Asked("/b", None)]


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,text"])
def test_a_redirect_leads_to_web_servers_alone(places: Places, web: Web, to: str) -> None:
    web.answers["/a"] = (302, {"Location": to}, "")
    assert places.refusal(f"{web.url}/a")[0] == "the server answers 302"


def test_a_redirect_in_a_circle_ends(places: Places, web: Web) -> None:
    web.answers["/a"] = (302, {"Location": "/a"}, "")
    assert places.refusal(f"{web.url}/a")[0] == "the server answers 302"


def test_a_server_that_is_not_there_is_told(places: Places, web: Web) -> None:
    web.stop()
    what, todo = places.refusal(f"{web.url}/a")
    assert what.startswith("the server can't be reached: ")
    assert todo == "check address, network and proxy"


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/a", "http:///a", "http://[::1/a", "http://127.0.0.1:99999/a"])
def test_an_address_that_is_none_is_told(places: Places, url: str) -> None:
    assert places.refusal(url)[1].startswith("check ")


def test_a_proxy_is_asked_where_one_is_set(places: Places, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.url)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    web.answers["http://states.invalid/a"] = "text"
    assert places.read("http://states.invalid/a") == "text"


# -- Terraform Cloud -------------------------------------------------------------------------------------------

WORKSPACE = "/api/v2/organizations/acme/workspaces/prod"
VERSION = "/api/v2/workspaces/ws-1/current-state-version"


@pytest.fixture
def cloud(web: Web) -> Web:
    """A Terraform Cloud with the state of acme's workspace prod."""
    attributes = {"hosted-state-download-url": f"{web.url}/archive/1"}
    web.answers |= {
        WORKSPACE: json.dumps({"data": {"id": "ws-1"}}),
        VERSION: json.dumps({"data": {"attributes": attributes}}),
        "/archive/1": "text",
    }
    return web


def test_a_workspace_is_asked_for_its_current_state(places: Places, cloud: Web) -> None:
    assert places.read(f"remote://{cloud.address}/acme/prod", TF_TOKEN_127_0_0_1="tok") == "text"
    assert cloud.asked == [Asked(path, "Bearer tok") for path in (WORKSPACE, VERSION, "/archive/1")]


def test_an_archive_elsewhere_gets_no_token(places: Places, cloud: Web, a_web: Callable[[], Web]) -> None:
    other = a_web()
    attributes = {"hosted-state-download-url": f"{other.url}/archive/1"}
    cloud.answers[VERSION] = json.dumps({"data": {"attributes": attributes}})
    other.answers["/archive/1"] = "text"
    assert places.read(f"remote://{cloud.address}/acme/prod", TF_TOKEN_127_0_0_1="tok") == "text"
    assert other.asked == [Asked("/archive/1", None)]


def test_names_are_quoted_in_addresses(places: Places, cloud: Web) -> None:
    assert places.refusal(f"remote://{cloud.address}/a b/../c?d", TF_TOKEN_127_0_0_1="tok")
    assert [asked.path for asked in cloud.asked] == ["/api/v2/organizations/a%20b/workspaces/..%2Fc%3Fd"]


@pytest.mark.parametrize("variable", ["TFE_HOSTNAME", "TFE_ADDRESS"])
def test_tfe_token_is_for_the_host_that_the_environment_names(places: Places, cloud: Web, variable: str) -> None:
    named = cloud.url if variable == "TFE_ADDRESS" else cloud.address
    assert places.read(f"remote://{cloud.address}/acme/prod", TFE_TOKEN="tok", **{variable: named}) == "text"


def test_a_hosts_own_token_goes_first(places: Places, cloud: Web) -> None:
    location = f"remote://{cloud.address}/acme/prod"
    places.read(location, TFE_TOKEN="other", TFE_HOSTNAME=cloud.address, TF_TOKEN_127_0_0_1="own")
    assert {asked.authorization for asked in cloud.asked} == {"Bearer own"}


def test_no_token_goes_to_a_host_that_only_the_config_names(places: Places, cloud: Web) -> None:
    given = {"TFE_TOKEN": "tok", "TF_TOKEN_app_terraform_io": "tok"}
    what, todo = places.refusal(f"remote://{cloud.address}/acme/prod", **given)
    assert (what, cloud.asked) == ("no token for 127.0.0.1 is given", [])
    assert todo == "set TF_TOKEN_127_0_0_1; TFE_TOKEN is for app.terraform.io (TFE_HOSTNAME)"


@pytest.mark.parametrize(
    ("host", "variable"),
    [
        ("app.terraform.io", "TF_TOKEN_app_terraform_io"),
        ("App.Terraform.IO", "TF_TOKEN_app_terraform_io"),
        ("my-tfe.example.com:8443", "TF_TOKEN_my__tfe_example_com"),
    ],
)
def test_a_missing_token_is_named_as_terraform_names_it(places: Places, host: str, variable: str) -> None:
    assert variable in places.refusal(f"remote://{host}/acme/prod")[1]


@pytest.mark.parametrize("host", ["app?terraform.io", "me@127.0.0.1", "a#b", "app_terraform.io", "-a", "a:b", "a b"])
def test_what_is_no_host_gets_no_token(places: Places, host: str) -> None:
    given = {"TFE_TOKEN": "tok", "TF_TOKEN_app_terraform_io": "tok"}
    assert places.refusal(f"remote://{host}/acme/prod", **given)[0] == "its host is none"


@pytest.mark.parametrize("answer", ["", "hunter22", "[]", "{}", '{"data": null}', '{"data": {"id": 1}}'])
def test_an_answer_of_another_kind_is_told_without_it(places: Places, cloud: Web, answer: str) -> None:
    cloud.answers[WORKSPACE] = answer
    told = places.refusal(f"remote://{cloud.address}/acme/prod", TF_TOKEN_127_0_0_1="tok")
    assert told == ("the answer has no data.id", "is this Terraform Cloud's address?")


def test_the_state_is_downloaded_from_a_web_server_alone(places: Places, cloud: Web) -> None:
    attributes = {"hosted-state-download-url": "file:///etc/passwd"}
    cloud.answers[VERSION] = json.dumps({"data": {"attributes": attributes}})
    told = places.refusal(f"remote://{cloud.address}/acme/prod", TF_TOKEN_127_0_0_1="tok")
    assert told[0] == "the server leads to another kind of address"


@pytest.mark.parametrize("kind", ["remote", "cloud"])
@pytest.mark.parametrize(
    ("workspaces", "selected"),
    [
        ({"name": "prod"}, ""), ([{"name": "prod"}], "other"), ({"prefix": "pr"}, "od"), ([{"prefix": "pr"}], "od"),
        ({"tags": ["a"]}, "prod"), ({"name": None, "prefix": None}, "prod"), (None, "prod"),
    ],
)  # fmt: skip
def test_a_backend_in_terraform_cloud_is_followed(
    places: Places, cloud: Web, kind: str, workspaces: Any, selected: str
) -> None:
    places.points_to(kind, hostname=cloud.address, organization="acme", workspaces=workspaces)
    assert places.read(POINTER, TF_WORKSPACE=selected, TF_TOKEN_127_0_0_1="tok") == "text"
