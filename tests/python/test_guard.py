"""Guard, Session and Outcome over the fake core: what is asked, what is kept, and what is never shown."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import threading
from contextvars import copy_context

import pytest

import fake_native
from libguard import Error, Guard, Hop, Pending, Refused, current_session, guarded, hop
from libguard.outcome import from_native


def test_the_package_never_imports_crewai():
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import fake_native; sys.modules['libguard._native'] = fake_native;"
        "import libguard; sys.exit('crewai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *sys.path], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_query_carries_everything(native, session):
    with hop("agent", "refund  agent\n"):
        outcome = session.query(
            "shop", "SELECT 1", [1, b"x"], tool="run_sql", explanation="why", ticket="t-1", wait_s=1.5, deadline_ms=10
        )
    assert outcome.completed
    (request,) = native.requests
    assert request == {
        "kind": "sql",
        "connection": "shop",
        "text": "SELECT 1",
        "params": [1, {"$bytes": "eA=="}],
        "tool": "run_sql",
        "explanation": "why",
        "ticket": "t-1",
        "wait_ms": 1500,
        "deadline_ms": 10,
        "hops": [{"kind": "agent", "name": "refund agent"}],
        "account": "support-crew",
    }
    assert native.specs == [{"account": "support-crew", "user": "dana@example.com", "purpose": "ticket 4711"}]


def test_a_misspelt_detail_is_an_error(native, session):
    with pytest.raises(TypeError, match="tiket"):
        session.query("shop", "SELECT 1", tiket="t-1")
    assert native.requests == []


def test_guard_query_uses_the_innermost_session(native, guard):
    with guard.session(account="outer"):
        with guard.session(account="inner"):
            guard.query("shop", "SELECT 1")
        guard.query("shop", "SELECT 1")
    assert [request["account"] for request in native.requests] == ["inner", "outer"]


def test_a_session_of_another_guard_is_not_used(guard):
    other = Guard(fake_native.Guard())
    with other.session(account="a"), pytest.raises(Error) as missing:
        guard.query("shop", "SELECT 1")
    assert missing.value.code == "session.none"


def test_no_session_is_an_error(guard):
    with pytest.raises(Error) as missing:
        current_session(guard)
    assert (missing.value.kind, missing.value.code) == ("invalid", "session.none")


def test_a_thread_needs_a_context_of_its_own(native, guard):
    seen = []

    def ask():
        try:
            seen.append(guard.query("shop", "SELECT 1").completed)
        except Error as error:
            seen.append(error.code)

    with guard.session(account="a"):
        for run in (lambda target: target(), copy_context().run):
            thread = threading.Thread(target=run, args=(ask,))
            thread.start()
            thread.join()
    assert seen == ["session.none", True]


def test_a_session_closes_with_its_last_exit(native, guard):
    session = guard.session(account="a")
    with session:
        with session:
            pass
        assert session.query("shop", "SELECT 1").completed
    assert session.query("shop", "SELECT 1").code == "session.closed"


@pytest.mark.parametrize("proofs", [{}, {"token": "a", "key": "b"}, {"account": "a", "token": "b"}])
def test_exactly_one_proof(guard, proofs):
    with pytest.raises(Error) as refused:
        guard.session(**proofs)
    assert refused.value.code == "session.proof"


def test_a_callable_proof_is_called_now_and_given_on(native, guard):
    tokens = iter(["first", "second"])
    guard.session(token=lambda: next(tokens))
    assert native.specs == [{"token": "first"}]
    assert native.renewals[0]() == "second"


def test_a_failing_renewal_does_not_show_its_text(guard):
    def renew():
        raise RuntimeError("vault password hunter2")

    with pytest.raises(Error) as failed:
        guard.session(key=renew)
    assert "hunter2" not in str(failed.value)
    assert failed.value.__suppress_context__


def test_nothing_shows_the_configuration_or_the_proof(native):
    guard = Guard(native)
    session = guard.session(token="lg.secret.token")
    for thing in (guard, session):
        assert "secret" not in repr(thing)
        with pytest.raises(TypeError):
            vars(thing)
        with pytest.raises(TypeError):
            json.dumps(thing)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(thing, protocol)
        assert copy.deepcopy(thing) is thing
        held = [getattr(thing, slot, None) for cls in type(thing).__mro__ for slot in getattr(cls, "__slots__", ())]
        assert "secret" not in repr(held)


def test_an_outcome_shows_no_rows_and_does_not_change(session):
    outcome = session.query("shop", "SELECT 1")
    assert fake_native.MASKED_EMAIL not in repr(outcome)
    with pytest.raises(AttributeError):
        outcome.state = "completed"
    with pytest.raises(TypeError):
        outcome.masked_counts["x"] = 1
    assert outcome.dicts()[0]["email"] == fake_native.MASKED_EMAIL
    assert [column.name for column in outcome.masked_columns] == ["email"]


def test_or_raise(session):
    assert session.query("shop", "SELECT 1").or_raise().completed
    with pytest.raises(Refused) as refused:
        session.query("shop", "DROP TABLE orders").or_raise()
    assert refused.value.outcome.deciding == ("no-ddl",)
    with pytest.raises(Pending):
        session.query("shop", "UPDATE refund").or_raise()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"state":"allowed"}',
        '{"state":[]}',
        '{"state":"completed","columns":[{}]}',
        '{"state":"completed","columns":[{"name":"a"}],"rows":[[1,2]]}',
        '{"state":"completed","columns":[{"name":"a"}],"rows":[[{"$odd":1}]]}',
        '{"state":"completed","rows":7}',
        "\ud800",
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error(text):
    with pytest.raises(Error) as unreadable:
        from_native(text)
    assert unreadable.value.code == "outcome.unreadable"


def test_resume_makes_the_same_request_again(native, guard, session):
    asked = session.query("shop", "UPDATE refund", [1042])
    assert asked.pending
    assert session.resume(asked.ticket).pending
    assert session.query("shop", "DROP TABLE x", ticket=asked.ticket).refused
    native.requests.pop()
    guard.approve(asked.ticket, token="dana's token")
    assert session.resume(asked.ticket).completed
    assert [request["params"] for request in native.requests] == [[1042]] * 3
    assert [request.get("ticket") for request in native.requests] == [None, "t-7Q2K", "t-7Q2K"]
    with pytest.raises(Error) as unknown:
        session.resume(asked.ticket)
    assert unknown.value.code == "session.unknown_ticket"


def test_an_approver_presents_one_proof(guard):
    for proofs in ({}, {"token": "a", "key": "b"}):
        with pytest.raises(Error):
            guard.approve("t-1", **proofs)


def test_as_account_keeps_user_and_purpose(native, session):
    refunds = session.as_account("refund-bot")
    assert session.as_account("refund-bot") is refunds
    assert native.specs[-1] == {"account": "refund-bot", "user": "dana@example.com", "purpose": "ticket 4711"}
    session.close()
    assert refunds.query("shop", "SELECT 1").code == "session.closed"


def test_as_account_keeps_a_verified_user_verified(guard):
    session = guard.session(token="verified-user")
    assert session.as_account("refund-bot").info()["user"] == session.info()["user"]


def test_a_guarded_function(native, guard, session):
    @guarded(guard)
    def look_up(name: str, *more: str, **options: int) -> dict:
        """Looks somebody up."""
        return {"mail": f"{name}@example.com", "more": more, "options": options}

    assert json.loads(look_up("mia", "x", deep=1)) == {"mail": "[EMAIL]", "more": ["x"], "options": {"deep": 1}}
    assert native.requests[0]["tool"] == "look_up"
    assert json.loads(native.requests[0]["arguments"]) == {"name": "mia", "more": ["x"], "options": {"deep": 1}}
    native.refused_tools.add("look_up")
    with pytest.raises(Refused):
        look_up("mia")


@pytest.mark.parametrize("argument", [object(), float("nan"), b"x", {1, 2}])
def test_arguments_must_be_json(guard, session, argument):
    @guarded(guard)
    def use(thing):
        raise AssertionError("must not run")

    with pytest.raises(TypeError):
        use(argument)


def test_ctrl_c_in_a_tool_is_not_swallowed(native, guard, session):
    @guarded(guard)
    def stop() -> str:
        raise KeyboardInterrupt

    native_run = fake_native.Session._tool

    def swallow(self, request, body):
        try:
            return native_run(self, request, body)
        except KeyboardInterrupt:  # as a C++ core would: everything a callback throws becomes a failed outcome
            return fake_native._answer("failed", "tool.raised", "the tool raised an exception")

    fake_native.Session._tool = swallow
    try:
        with pytest.raises(KeyboardInterrupt):
            stop()
    finally:
        fake_native.Session._tool = native_run


def test_hops_are_short_known_and_bounded(session):
    with pytest.raises(ValueError):
        Hop("user", "dana")
    assert len(Hop("task", "x" * 5000).name) == 200
    with pytest.raises(Error) as long:
        session.query("shop", "SELECT 1", hops=[Hop("task", "t")] * 17)
    assert long.value.code == "session.chain_too_long"


def test_open_reports_what_is_wrong():
    with pytest.raises(Error) as wrong:
        Guard.open("/nowhere/missing.yaml")
    assert wrong.value.kind == "configuration"


def test_open_looks_where_the_commands_look(monkeypatch, tmp_path):
    from libguard.guard import _config_path

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIBGUARD_CONFIG", "/etc/guard.yaml")
    assert _config_path(None) == "/etc/guard.yaml"
    (tmp_path / "guard.yaml").write_text("version: 1\n")
    assert _config_path(None) == "guard.yaml"
    assert _config_path(tmp_path / "x.yaml").endswith("x.yaml")


def test_the_rest_of_the_doors(native, guard):
    assert guard.reload() == "f00d" == guard.snapshot
    assert guard.stats() == {"actions": 0}
    assert guard.explain("SELECT 1", "shop")["understood"]
    assert guard.catalogue("shop")["relations"]
    assert guard.approvals() == [{"asked": {"op": "list", "all": False}}]
    assert guard.approval("t-1")["asked"] == {"op": "show", "ticket": "t-1"}
    assert guard.deny("t-1", key="k", note="no")["accepted"]
    assert guard.revoke("t-1", token="t")["accepted"]
    assert [vote["op"] for vote in native.votes] == ["deny", "revoke"]
    with guard:
        pass
    assert native.closed


def test_a_detector_that_raises_quotes_nothing(native, guard):
    class Broken:
        entity = "ORDER"

        def find(self, text):
            raise ValueError(f"cannot read {text}")

    guard.add_detector(Broken())
    with pytest.raises(RuntimeError) as raised:
        native.detectors[0].find("mia@example.com")
    assert str(raised.value) == "the detector for ORDER raised ValueError"
    assert raised.value.__context__ is None


def test_a_new_key_is_not_in_its_repr():
    from libguard.keys import NewKey

    assert "lgk_x_secret" not in repr(NewKey(key="lgk_x_secret", id="x", secret_sha256="00"))
