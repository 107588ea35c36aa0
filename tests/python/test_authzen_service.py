"""Our engine as an AuthZEN decision point: what it answers, and that nothing but a whole question gets a yes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from conftest import real_native
from real_shop import make_shop

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")
pytest.importorskip("uvicorn")

TOKEN = "a-token-of-tests-4711"
POLICIES = """
@id("reads") permit (principal in Group::"staff", action == Action::"read", resource is Doc);
@id("late") forbid (principal, action, resource) when { context has hour && context.hour > 20 };
@id("errs") forbid (principal, action == Action::"drop", resource) when { context.missing };
@id("claims") permit (principal, action == Action::"claim", resource)
when { context.subject_properties.role == "boss" };
@id("shop") permit (principal == account::"support-crew", action, resource);
"""
ENTITIES = [{"uid": {"type": "User", "id": "ada"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]}]
ADA = {"type": "User", "id": "ada"}
DOC = {"type": "Doc", "id": "d1"}
READ = {"subject": ADA, "action": {"name": "read"}, "resource": DOC}


class Server:
    """`libguard authzen serve` on a free port."""

    def __init__(self, folder, policies=POLICIES):
        self.policies = folder / "p.cedar"
        self.policies.write_text(policies)
        (folder / "e.json").write_text(json.dumps(ENTITIES))
        self.token = folder / "point.token"
        self.token.write_text(TOKEN + "\n")
        self.token.chmod(0o600)
        command = [
            sys.executable,
            "-m",
            "libguard.cli",
            "authzen",
            "serve",
            str(self.policies),
            "--entities",
            str(folder / "e.json"),
        ]
        self.process = subprocess.Popen(
            [*command, "--token-file", str(self.token), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self.url = self.process.stdout.readline().removeprefix("answering at ").strip()
        assert self.url, self.process.communicate()[1]
        self.port = int(self.url.rpartition(":")[2])

    def post(self, path, body, *, token=TOKEN, **headers):
        """Status and answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("POST", path, raw, {name: value for name, value in sent.items() if value})
            response = connection.getresponse()
            self.headers = dict(response.headers)
            text = response.read()
            return response.status, json.loads(text) if text.startswith(b"{") else text

    def ask(self, **changes):
        return self.post("/access/v1/evaluation", READ | changes)

    def reload(self, expected):
        """Sends SIGHUP and waits until the server says so; an excerpt may stand between."""
        self.process.send_signal(signal.SIGHUP)
        while expected not in (said := self.process.stderr.readline()):
            assert said

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=20)[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("point"))
    yield server
    assert "Traceback" not in server.stop()


def test_one_question_one_decision(server):
    assert server.ask() == (200, {"decision": True, "context": {"policies": ["reads"]}})
    assert server.ask(subject={"type": "User", "id": "bob"}) == (200, {"decision": False, "context": {"policies": []}})
    assert server.ask(context={"hour": 23}) == (200, {"decision": False, "context": {"policies": ["late"]}})
    status, answer = server.ask(action={"name": "drop"})
    assert (status, answer["decision"], answer["context"]["errors"]) == (200, False, ["errs"])
    # Members that nobody knows are passed over, as the specification wants it.
    assert server.ask(more={"x": 1.5}, context={"hour": 3})[1]["decision"] is True


def test_what_a_caller_claims_makes_nobody_a_member(server):
    claimed = {
        "type": "User",
        "id": "bob",
        "properties": {"role": "boss", "parents": [{"type": "Group", "id": "staff"}]},
    }
    assert server.ask(subject=claimed)[1]["decision"] is False
    assert server.ask(subject=claimed, action={"name": "claim"})[1]["decision"] is True
    assert server.ask(subject=ADA, action={"name": "claim"}) == (
        200,
        {"decision": False, "context": {"policies": [], "errors": ["claims"]}},
    )
    assert server.ask(context={"subject_properties": {"role": "boss"}}, action={"name": "claim"})[0] == 400


def test_a_batch_takes_defaults_and_keeps_its_order(server):
    asked = {
        "subject": ADA,
        "action": {"name": "read"},
        "context": {"hour": 23},
        "evaluations": [
            {"resource": DOC},
            {"resource": DOC, "context": {}},
            {"resource": {"type": "Other", "id": "o"}, "context": {}},
        ],
    }
    status, answer = server.post("/access/v1/evaluations", asked)
    assert status == 200
    assert [each["decision"] for each in answer["evaluations"]] == [False, True, False]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [("execute_all", [True, False, True]), ("deny_on_first_deny", [True, False]), ("permit_on_first_permit", [True])],
)
def test_the_three_semantics(server, semantic, expected):
    members = [READ, READ | {"subject": {"type": "User", "id": "bob"}}, READ]
    asked = {"evaluations": members, "options": {"evaluations_semantic": semantic}}
    answer = server.post("/access/v1/evaluations", asked)[1]
    assert [each["decision"] for each in answer["evaluations"]] == expected


def test_without_evaluations_a_batch_is_one_question(server):
    for asked in (READ, READ | {"evaluations": []}):
        assert server.post("/access/v1/evaluations", asked)[1]["decision"] is True


def test_a_member_that_cannot_be_read_is_a_no_that_says_why(server):
    members = [
        READ,
        {"subject": ADA},
        7,
        READ | {"context": {"x": 1.5}},
        READ | {"resource": {"type": "no type", "id": "x"}},
    ]
    status, answer = server.post("/access/v1/evaluations", {"evaluations": members})
    assert status == 200
    assert [each["decision"] for each in answer["evaluations"]] == [True, False, False, False, False]
    assert all(each["context"]["error"]["status"] == 400 for each in answer["evaluations"][1:])


MALFORMED = {
    "empty": b"",
    "not JSON": b"yes",
    "not UTF-8": b'{"subject": "\xff"}',
    "a list": b"[]",
    "NaN": b'{"context": {"x": NaN}}',
    "member twice": json.dumps(READ)[:-1].encode() + b', "subject": {"type": "User", "id": "bob"}}',
    "deep": b'{"context":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no subject": {"action": {"name": "read"}, "resource": DOC},
    "subject a text": READ | {"subject": "ada"},
    "id a number": READ | {"subject": {"type": "User", "id": 7}},
    "empty type": READ | {"subject": {"type": "", "id": "ada"}},
    "action without name": READ | {"action": {"id": "read"}},
    "context a list": READ | {"context": []},
    "context null": READ | {"context": None},
    "null inside": READ | {"context": {"x": None}},
    "a fraction": READ | {"context": {"x": 1.5}},
    "too large a number": READ | {"context": {"x": 2**70}},
    "properties a text": READ | {"subject": ADA | {"properties": "boss"}},
    "evaluations an object": READ | {"evaluations": {}},
    "semantic unknown": {"evaluations": [READ], "options": {"evaluations_semantic": "any"}},
    "options a list": {"evaluations": [READ], "options": []},
    "too many": {"evaluations": [READ] * 1_001},
}


@pytest.mark.parametrize("name", list(MALFORMED))
def test_malformed_questions_get_400_and_no_decision(server, name):
    body = MALFORMED[name]
    for path in ("/access/v1/evaluation", "/access/v1/evaluations"):
        if (
            path.endswith("evaluation")
            and isinstance(body, dict)
            and {"evaluations", "options"} & set(body)
            and "subject" in body
        ):
            continue  # members that the single endpoint does not know
        status, answer = server.post(path, body)
        assert status == 400, (path, answer)
        assert "decision" not in answer
        assert "evaluations" not in answer


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 20])
def test_without_the_token_nobody_is_answered(server, token):
    status, answer = server.post("/access/v1/evaluation", READ, token=token.encode().decode("latin-1"))
    assert status == 401
    assert "decision" not in answer
    assert server.headers["www-authenticate"] == "Bearer"
    assert server.post("/access/v1/evaluation", READ, Authorization="")[0] == 401
    assert server.post("/access/v1/evaluation", READ, Authorization=f"Basic {TOKEN}")[0] == 401


def test_other_methods_paths_and_forms(server):
    assert server.post("/access/v1/evaluation", READ, Content_Type="text/plain")[0] == 415
    assert server.post("/access/v1/evaluation", READ, Content_Type="")[0] == 415
    assert server.post("/access/v1/evaluation", READ, Content_Encoding="gzip")[0] == 415
    assert server.post("/access/v1/search/subject", READ)[0] == 404
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/access/v1/evaluation", headers={"Authorization": f"Bearer {TOKEN}"})
        assert connection.getresponse().status == 405


def test_the_id_of_a_request_comes_back(server):
    server.post("/access/v1/evaluation", READ, X_Request_ID="bfe9eb29-ab87")
    assert server.headers["x-request-id"] == "bfe9eb29-ab87"
    server.post("/access/v1/evaluation", READ, X_Request_ID="x" * 200)
    assert "x-request-id" not in server.headers


def test_the_metadata_names_the_endpoints(server):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/.well-known/authzen-configuration", headers={"Host": "evil.example"})
        response = connection.getresponse()
        assert response.status == 200
        assert json.load(response) == {
            "policy_decision_point": server.url,
            "access_evaluation_endpoint": f"{server.url}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{server.url}/access/v1/evaluations",
        }


def test_a_long_body_is_not_read_to_its_end(server):
    assert server.post("/access/v1/evaluation", b" " * (1024 * 1024 + 1))[0] == 413


def test_a_body_that_does_not_come_is_not_waited_for(server):
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as connection:
        head = "POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Authorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{".encode())
        began = time.monotonic()
        answer = connection.recv(65536)
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert 4 < time.monotonic() - began < 10
        assert server.ask()[0] == 200


def test_sighup_takes_new_policies_and_keeps_the_old_ones_when_they_are_wrong(tmp_path):
    server = Server(tmp_path)
    try:
        server.policies.write_text("permit (")
        server.reload("the old policies stay in force")
        assert server.ask()[1]["decision"] is True
        server.policies.write_text('@id("none") forbid (principal, action, resource);')
        server.reload("policies read again: 1")
        assert server.ask()[1] == {"decision": False, "context": {"policies": ["none"]}}
    finally:
        server.stop()


def test_our_client_against_our_server(server, tmp_path):
    from libguard import Guard

    config, _ = make_shop(tmp_path)
    with open(config, "a") as file:
        file.write(
            f"\nexternal_decision: {{ url: '{server.url}', timeout_ms: 5000, "
            f"credential: {{ kind: file, path: '{server.token}' }} }}\n"
        )
    guard = Guard.open(config)
    try:
        session = guard.session(account="support-crew")
        assert session.query("shop", "SELECT id, name FROM customers WHERE id = 1").completed
        # Narrower policies at the point: the same statement is refused there.
        server.policies.write_text(
            POLICIES + '@id("no-customers") forbid (principal, action, resource == table::"shop/main.customers");'
        )
        server.reload("policies read again")
        outcome = session.query("shop", "SELECT id, name FROM customers WHERE id = 1")
        assert (outcome.state, outcome.code) == ("refused", "policy.external_denied")
    finally:
        guard.close()
        server.policies.write_text(POLICIES)
        server.reload("policies read again")


def refused(tmp_path, *more, token=TOKEN, mode=0o600):
    path = tmp_path / "t"
    path.write_text(token)
    path.chmod(mode)
    (tmp_path / "p.cedar").write_text(POLICIES)
    command = [
        sys.executable,
        "-m",
        "libguard.cli",
        "authzen",
        "serve",
        str(tmp_path / "p.cedar"),
        "--token-file",
        str(path),
    ]
    done = subprocess.run([*command, "--port", "0", *more], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    return done.stderr


def test_it_does_not_start_when_it_would_be_open(tmp_path):
    assert "chmod 600" in refused(tmp_path, mode=0o640)
    assert "16 or more" in refused(tmp_path, token="short")
    assert "certificate" in refused(tmp_path, "--host", "0.0.0.0")
    assert "certificate" in refused(tmp_path, "--tls-cert", "x.pem")
    assert "IPv4" in refused(tmp_path, "--host", "example.com")
    (tmp_path / "bad.cedar").write_text("permit (")
    assert "bad.cedar: line 1, column 9" in refused(tmp_path, str(tmp_path / "bad.cedar"))
    (tmp_path / "e.json").write_text("[")
    assert "e.json is not JSON" in refused(tmp_path, "--entities", str(tmp_path / "e.json"))


def test_what_breaks_inside_has_no_decision():
    from starlette.testclient import TestClient

    from libguard.authzen import service

    def broken():
        raise RuntimeError("secret value")

    client = TestClient(service(broken, TOKEN))
    response = client.post("/access/v1/evaluation", json=READ, headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 500
    assert "decision" not in response.text
    assert "secret" not in response.text
