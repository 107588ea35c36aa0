"""A stand-in for the extension with the same JSON API, so that the adapter can be tested on its own.

It judges by a handful of words, not by understanding: only the real guard decides anything. Installed as
`libguard._native` by conftest.py when the real one is not built.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable

SECRET_EMAIL = "mia.unmasked@example.com"
MASKED_EMAIL = "[EMAIL]"
_EMAIL = re.compile(r"[\w.]+@[\w.]+")


class Error(Exception):
    kind = "internal"
    code = "fake"


def _error(kind: str, code: str, sentence: str) -> Error:
    error = Error(sentence)
    error.kind, error.code = kind, code
    return error


def _must_be_local(account: str) -> None:
    if account == "nobody":
        raise _error("invalid", "identity.unknown_account", "no such account")


def mask_text(text: str) -> str:
    return _EMAIL.sub(MASKED_EMAIL, text)


class Guard:
    def __init__(self) -> None:
        self.requests: list[dict] = []  # (account is added) everything that was asked, in order
        self.specs: list[dict] = []
        self.ran: list[dict] = []  # what would have reached a backend
        self.renewals: list[Callable[[], str] | None] = []
        self.detectors: list[object] = []
        self.approved: set[str] = set()
        self.refused_tools: set[str] = set()
        self.votes: list[dict] = []
        self.closed = False
        self.lock = threading.Lock()
        self.ids = itertools.count(1)

    @staticmethod
    def open(path: str) -> Guard:
        if "missing" in path:
            raise _error("configuration", "config.unreadable", "guard.yaml cannot be read")
        return Guard()

    def reload(self) -> str:
        return json.dumps({"snapshot": "f00d"})

    def session(self, spec_json: str, renew: Callable[[], str] | None = None) -> Session:
        spec = json.loads(spec_json)
        self.specs.append(spec)
        self.renewals.append(renew)
        if spec.get("token") == "bad":
            raise _error("invalid", "identity.unknown_account", "no such account")
        _must_be_local(spec.get("account", ""))
        return Session(self, spec | ({"proven": True} if spec.get("token") == "verified-user" else {}))

    def stats(self) -> str:
        return json.dumps({"actions": len(self.requests)})

    def snapshot(self) -> str:
        return "f00d"

    def explain(self, line_json: str, connection: str, account: str) -> str:
        return json.dumps({"id": json.loads(line_json)["id"], "understood": True, "connection": connection})

    def catalogue(self, connection: str) -> str:
        columns = [{"name": "id", "type": "integer"}, {"name": "email", "type": "text"}]
        return json.dumps(
            {
                "relations": [
                    {"schema": "main", "name": "customers", "system": False, "columns": columns},
                    {"schema": "main", "name": "sqlite_schema", "system": True, "columns": columns},
                ]
            }
        )

    def approvals(self, request_json: str) -> str:
        asked = json.loads(request_json)
        return json.dumps([{"asked": asked}] if asked["op"] == "list" else {"asked": asked})

    def vote(self, request_json: str) -> str:
        vote = json.loads(request_json)
        self.votes.append(vote)
        if vote["op"] == "approve":
            self.approved.add(vote["ticket"])
        return json.dumps({"accepted": True, "code": "ok", "reason": "", "state": vote["op"]})

    def close(self) -> None:
        self.closed = True

    def add_detector(self, detector: object) -> None:
        self.detectors.append(detector)


class Session:
    def __init__(self, guard: Guard, spec: dict) -> None:
        self.guard = guard
        self.spec = spec
        self.closed = False
        self.id = f"s-{next(guard.ids)}"

    def info(self) -> str:
        user = {"subject": self.spec.get("user", ""), "verified": self.spec.get("proven", False)}
        return json.dumps({"id": self.id, "account": self.spec.get("account", "token"), "user": user})

    def as_account(self, account: str) -> Session:
        _must_be_local(account)
        told = {name: self.spec[name] for name in ("user", "purpose", "proven") if name in self.spec}
        self.guard.specs.append({"account": account} | told)
        return Session(self.guard, self.guard.specs[-1])

    def close(self) -> None:
        self.closed = True

    def run(self, request_json: str, body: Callable[[str], str] | None = None) -> str:
        request = json.loads(request_json)
        with self.guard.lock:
            request["account"] = self.spec.get("account", "")
            self.guard.requests.append(request)
        if self.closed:
            return _answer("refused", "session.closed", "the session is closed")
        return self._sql(request) if request["kind"] == "sql" else self._tool(request, body)

    def _sql(self, request: dict) -> str:
        text = request["text"].upper()
        if "DROP" in text:
            return _answer("refused", "policy.denied", "DROP TABLE orders would destroy it", deciding=["no-ddl"])
        if "BREAK" in text:
            raise RuntimeError(f"the core broke near {SECRET_EMAIL}")
        if "GARBAGE" in text:
            return "this is not json"
        if "FAIL" in text:
            return _answer("failed", "backend.statement", "the database refused the statement", sqlstate="42P01")
        if "REFUND" in text and request.get("ticket") not in self.guard.approved and not request.get("wait_ms"):
            return _answer("pending", "approval.pending", "refunding needs one approval from finance", ticket="t-7Q2K")
        self.guard.ran.append(request)
        if text.startswith("UPDATE"):
            return _answer("completed", "ok", "", affected=1)
        columns = [
            {"name": "id", "type": "int8", "masked": False, "class": "", "operator": ""},
            {"name": "email", "type": "text", "masked": True, "class": "pii.email", "operator": "label"},
            {"name": "total", "type": "numeric", "masked": False, "class": "", "operator": ""},
        ]
        rows = [[1, MASKED_EMAIL, {"$decimal": "19.90"}], [2, MASKED_EMAIL, None]]
        return _answer("completed", "ok", "", columns=columns, rows=rows, truncated="LIMIT" in text)

    def _tool(self, request: dict, body: Callable[[str], str] | None) -> str:
        if request["tool"] in self.guard.refused_tools:
            return _answer("refused", "policy.denied", "this tool is not for you", deciding=["no-tool"])
        if request["tool"] == "refund" and request.get("ticket") not in self.guard.approved:
            return _answer("pending", "approval.pending", "a refund needs one approval", ticket="t-9")
        assert body is not None
        try:
            raw = body(request["arguments"])
        except Exception:
            return _answer("failed", "tool.raised", "the tool raised an exception")
        self.guard.ran.append(request)
        return _answer("completed", "ok", "", result=mask_text(raw))


_records = itertools.count(1)


def _answer(state: str, code: str, reason: str, **more: object) -> str:
    answer = {"state": state, "stage": "execute", "code": code, "reason": reason, "record": f"r-{next(_records)}"}
    return json.dumps({**answer, "ticket": "", "columns": [], "rows": [], "affected": 0, **more})
