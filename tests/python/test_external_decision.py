"""An external decision point can only narrow; whatever it does instead of a whole "yes" is a refusal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import real_native
from real_shop import make_shop

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

READ = "SELECT id, name FROM customers WHERE id = 1"
TIMEOUT_MS = 700
Answer = Callable[[BaseHTTPRequestHandler, dict], None]


class Point:
    """A decision point on loopback whose answers a test chooses."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict, dict]] = []
        self.answer: Answer = say(lambda question: [True] * len(question["evaluations"]))
        point = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                point.asked.append((self.path, dict(self.headers), body))
                point.answer(self, body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def say(decide: Callable[[dict], list[bool]]) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, question: dict) -> None:
        body = json.dumps({"evaluations": [{"decision": one} for one in decide(question)]}).encode()
        send(handler, 200, body)

    return answer


@pytest.fixture
def point():
    point = Point()
    yield point
    point.server.shutdown()
    point.server.server_close()


@pytest.fixture
def open_guard(tmp_path, point):
    from libguard import Guard

    opened = []

    def start(extra: str = "") -> tuple:
        config, _ = make_shop(tmp_path)
        with open(config, "a") as file:
            file.write(f"\nexternal_decision: {{ url: '{point.url}', timeout_ms: {TIMEOUT_MS}{extra} }}\n")
        guard = Guard.open(config)
        opened.append(guard)
        return guard, guard.session(account="support-crew")

    yield start
    for guard in opened:
        guard.close()


def test_a_yes_lets_our_own_decision_stand(open_guard, point):
    _, session = open_guard()
    assert session.query("shop", READ).completed
    path, headers, question = point.asked[0]
    assert path == "/access/v1/evaluations"
    assert "Authorization" not in headers
    assert question["subject"]["id"] == "support-crew"
    assert {"action": {"name": "connect"}, "resource": {"type": "connection", "id": "shop"}} in question["evaluations"]
    # It narrows only: what our policy refuses is not even asked about.
    before = len(point.asked)
    assert session.query("shop", "DROP TABLE customers").state == "refused"
    assert len(point.asked) == before


def test_one_no_refuses_and_is_recorded(open_guard, point):
    point.answer = say(lambda question: [one["action"]["name"] != "select" for one in question["evaluations"]])
    _, session = open_guard()
    outcome = session.query("shop", READ)
    assert (outcome.state, outcome.code) == ("refused", "policy.external_denied")
    assert outcome.record.startswith("r-")


def hang(handler: BaseHTTPRequestHandler, _: dict) -> None:
    time.sleep(3)
    send(handler, 200, b"{}")


def drip(handler: BaseHTTPRequestHandler, question: dict) -> None:
    body = json.dumps({"evaluations": [{"decision": True}] * len(question["evaluations"])}).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.1)


def redirect(handler: BaseHTTPRequestHandler, _: dict) -> None:
    send(handler, 307, b"", Location="/yes")


def yes_with(status: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, question: dict) -> None:
        body = json.dumps({"evaluations": [{"decision": True}] * len(question["evaluations"])}).encode()
        send(handler, status, body)

    return answer


def raw(body: bytes) -> Answer:
    return lambda handler, _: send(handler, 200, body)


FAULTS: dict[str, Answer] = {
    "hang": hang,
    "drip": drip,
    "redirect": redirect,
    "yes but 500": yes_with(500),
    "yes but 203": yes_with(203),
    "empty": raw(b""),
    "not JSON": raw(b"yes"),
    "too few": say(lambda question: [True] * (len(question["evaluations"]) - 1)),
    "too many": say(lambda question: [True] * (len(question["evaluations"]) + 1)),
    "huge": raw(b"[" + b" " * 2_000_000 + b"]"),
    "words": raw(b'{"evaluations": [{"decision": "true"}, {"decision": "true"}, {"decision": "true"}]}'),
    "hang up": lambda handler, _: handler.connection.close(),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_anything_else_refuses_in_time(open_guard, point, fault):
    point.answer = FAULTS[fault]
    _, session = open_guard()
    began = time.monotonic()
    outcome = session.query("shop", READ)
    assert (outcome.state, outcome.code) == ("refused", "policy.external_unavailable")
    assert time.monotonic() - began < TIMEOUT_MS / 1000 + 1


def test_nobody_there_refuses(open_guard, point):
    _, session = open_guard()
    point.server.shutdown()
    point.server.server_close()
    assert session.query("shop", READ).code == "policy.external_unavailable"


def test_the_token_is_sent_and_never_shown(open_guard, point, tmp_path):
    token = tmp_path / "pdp.token"
    token.write_text("pdp-secret-4711\n")
    token.chmod(0o600)
    guard, session = open_guard(f", credential: {{ kind: file, path: '{token}' }}")
    assert session.query("shop", READ).completed
    assert point.asked[0][1]["Authorization"] == "Bearer pdp-secret-4711"
    point.answer = raw(b"pdp-secret-4711")
    outcome = session.query("shop", READ)
    assert "4711" not in repr(outcome) + repr(guard) + outcome.reason
    log = "".join(path.read_text() for path in (tmp_path / "state" / "audit").glob("*"))
    assert "pdp-secret" not in log


def test_a_proxy_of_the_environment_has_no_say(open_guard, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    _, session = open_guard()
    assert session.query("shop", READ).completed


@pytest.mark.parametrize(
    "url",
    [
        "http://pdp.example.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://",
        "",
    ],
)
def test_an_address_that_others_could_answer_for_is_refused(tmp_path, url):
    from libguard import Error, Guard

    config, _ = make_shop(tmp_path)
    with open(config, "a") as file:
        file.write(f"\nexternal_decision: {{ url: '{url}' }}\n")
    with pytest.raises(Error, match=r"external_decision\.url"):
        Guard.open(config)
