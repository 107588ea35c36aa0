"""The package over the real extension on SQLite: the whole sentence, from Python."""

from __future__ import annotations

import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import real_native
from real_shop import CARD, EMAIL, make_shop, refunded

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

REFUND = "UPDATE orders SET refunded_cents = ? WHERE id = ?"


@pytest.fixture
def shop(tmp_path):
    from libguard import Guard

    config, key = make_shop(tmp_path)
    with Guard.open(config) as guard:
        yield guard, tmp_path, key


@pytest.fixture
def session(shop):
    with shop[0].session(account="support-crew", user="lee@example.com", purpose="ticket 1") as opened:
        yield opened


def test_reads_are_masked_and_typed(session):
    outcome = session.query("shop", "SELECT id, name, email, note FROM customers WHERE id = ?", [1])
    assert outcome.completed, outcome.reason
    assert outcome.rows[0][:2] == (1, "Mia")
    assert [column.masked for column in outcome.columns][:3] == [False, False, True]
    assert outcome.columns[2].data_class == "pii.email"
    assert EMAIL not in str(outcome.rows)
    assert CARD not in str(outcome.rows)
    assert outcome.record.startswith("r-")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT upper(email) FROM customers",
        "SELECT email || '' FROM customers",
        "SELECT hex(email) FROM customers",
        "SELECT max(email) FROM customers",
        "SELECT e FROM (SELECT email AS e FROM customers)",
        "WITH c AS (SELECT * FROM customers) SELECT * FROM c",
        "SELECT json_object('a', email) FROM customers",
        "SELECT name FROM customers UNION SELECT email FROM customers",
    ],
)
def test_no_expression_shows_a_classified_value(session, sql):
    outcome = session.query("shop", sql)
    shown = repr(outcome.rows) + outcome.reason
    assert EMAIL.lower() not in shown.lower()
    assert EMAIL.encode().hex().lower() not in shown.lower()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE customers",
        "DELETE FROM customers",
        "UPDATE customers SET name = 'x' WHERE id = 1",
        "SELECT 1; DROP TABLE customers",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x.db' AS x",
        "SELECT load_extension('x')",
        "SELECT * FROM sqlite_schema",
        "BEGIN",
        "",
        "nonsense",
        "SELECT '\ud800'",
        "SELECT 1 -- \x00",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT '" + "x" * 100_000 + "'",
    ],
)
def test_what_is_not_allowed_is_refused_with_a_reason(session, sql):
    outcome = session.query("shop", sql)
    assert outcome.refused, repr(outcome)
    assert outcome.code
    assert outcome.reason


def test_parameters_of_every_type(session):
    from decimal import Decimal

    values = [None, True, 7, 1.5, "ä", b"\x00\xff", Decimal("1.50")]
    outcome = session.query("shop", "SELECT ?, ?, ?, ?, ?, ?, ?", values)
    assert outcome.completed, outcome.reason
    assert outcome.rows[0][:6] == (None, 1, 7, 1.5, "ä", b"\x00\xff")


def test_an_approval_runs_once_and_only_as_approved(shop):
    guard, folder, key = shop
    with guard.session(account="refund-bot") as session:
        assert session.query("shop", REFUND, [500, 1043]).completed
        asked = session.query("shop", REFUND, [48900, 1042], explanation="double charge")
        assert asked.pending, asked.reason
        assert refunded(folder, 1042) == 0
        assert guard.approval(asked.ticket)
        assert not guard.approve(asked.ticket, key="lgk_wrong_wrong")["accepted"]
        assert guard.approve(asked.ticket, key=key)["accepted"]
        changed = session.query("shop", REFUND, [58900, 1042], ticket=asked.ticket)
        assert (changed.state, changed.code) == ("refused", "approval.changed")
        assert session.resume(asked.ticket).completed
        assert refunded(folder, 1042) == 48900
        assert not session.query("shop", REFUND, [48900, 1042], ticket=asked.ticket).completed


def test_waiting_ends_when_somebody_approves(shop):
    guard, folder, key = shop

    def approve_soon():
        for _ in range(100):
            tickets = guard.approvals()
            if tickets:
                guard.approve(tickets[0].get("ticket") or tickets[0]["id"], key=key)
                return
            threading.Event().wait(0.05)

    approver = threading.Thread(target=approve_soon)
    with guard.session(account="refund-bot") as session:
        approver.start()
        outcome = session.query("shop", REFUND, [48900, 1042], wait_s=10)
    approver.join()
    assert outcome.completed, outcome.reason
    assert refunded(folder, 1042) == 48900


def test_tools(shop, session):
    from libguard import guarded

    ran = []

    def look_up(name: str) -> dict:
        ran.append(name)
        return {"mail": EMAIL}

    shown = guarded(shop[0])(look_up)("mia")
    assert ran == ["mia"]
    assert EMAIL not in shown
    denied = session.run_tool("send_money", {"to": "x"}, lambda _: ran.append("never") or "")
    assert denied.refused
    failed = session.run_tool("look_up", {}, lambda _: 1 / 0)
    assert failed.failed
    assert "division" not in failed.reason
    wrong = session.run_tool("look_up", {}, lambda _: 7)
    assert wrong.failed
    assert ran == ["mia"]


def test_ctrl_c_in_a_tool_goes_on(session):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run_tool("look_up", {}, stop)
    assert session.query("shop", "SELECT 1").completed


@pytest.mark.parametrize("proof", [{"account": "nobody"}, {"account": "dana"}, {"token": "x.y.z"}, {"key": "lgk_a_b"}])
def test_a_caller_who_is_not_known_gets_no_session(shop, proof):
    from libguard import Error

    with pytest.raises(Error) as refused:
        shop[0].session(**proof)
    assert refused.value.kind == "invalid"
    assert refused.value.code.startswith("identity.")
    assert next(iter(proof.values())) not in str(refused.value) or "account" in proof


def test_tokens(shop):
    from libguard.keys import issue_token

    guard, folder, _ = shop
    with guard.session(token=lambda: issue_token(folder / "guard.yaml", "support-crew")) as session:
        assert session.query("shop", "SELECT 1").completed
        info = session.info()
        assert (info["account"], info["verified"]) == ("support-crew", True)


def test_an_accounts_session_of_the_same_user(session):
    other = session.as_account("refund-bot")
    assert other.info()["account"] == "refund-bot"
    assert other.info()["user"]["subject"] == "lee@example.com"


def test_threads(session):
    def ask(number):
        return session.query("shop", "SELECT ?", [number]).rows

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(200))) == [((number,),) for number in range(200)]


def test_a_closed_session_and_a_closed_guard_refuse(shop):
    guard, _, _ = shop
    session = guard.session(account="support-crew")
    session.close()
    assert session.query("shop", "SELECT 1").code == "session.closed"
    open_still = guard.session(account="support-crew")
    guard.close()
    assert open_still.query("shop", "SELECT 1").code == "guard.closed"


def test_a_detector_of_ones_own(shop, session):
    class Name:
        entity = "NAME"

        def find(self, text):
            at = text.find("Mia")
            return [] if at < 0 else [(at, at + 3)]

    class Broken:
        entity = "BROKEN"

        def find(self, text):
            raise ValueError(f"cannot read {text}")

    shop[0].add_detector(Name())
    outcome = session.query("shop", "SELECT 'Grüße, Mia!'")
    assert outcome.completed, outcome.reason
    assert "Mia" not in outcome.rows[0][0]
    shop[0].add_detector(Broken())
    outcome = session.query("shop", "SELECT name FROM customers")
    assert not outcome.completed
    assert outcome.rows == ()


def test_the_rest_of_the_doors(shop, session):
    from libguard import _native

    guard, folder, _ = shop
    explained = guard.explain("DELETE FROM customers", "shop", account="support-crew")
    assert explained["understood"] is True
    assert explained["decision"]["verdict"] == "deny"
    names = {relation["name"] for relation in guard.catalogue("shop")["relations"]}
    assert {"customers", "orders"} <= names
    before = guard.snapshot
    (folder / "shop.cedar").write_text("this is not cedar")
    from libguard import Error

    with pytest.raises(Error) as broken:
        guard.reload()
    assert "shop.cedar" in str(broken.value)
    assert guard.snapshot == before
    assert session.query("shop", "SELECT 1").completed
    assert guard.stats()
    guard.close()
    verified = json.loads(_native.audit_verify(str(folder / "audit")))
    assert verified
    log = b"".join(path.read_bytes() for path in (folder / "audit").rglob("*") if path.is_file())
    assert EMAIL.encode() not in log


def test_nothing_shows_the_configuration(shop, session):
    guard, folder, _ = shop
    for thing in (guard, session, guard._native, session._native):
        assert str(folder) not in repr(thing)
        with pytest.raises(TypeError):
            pickle.dumps(thing)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("version: 2\n", "version"),
        ("version: 1\nidentiy: {}\n", "identiy"),
        ("version: 1\nversion: 1\n", "version"),
        ("\x00\xff", ""),
        ("[" * 10_000, ""),
        ("", ""),
    ],
)
def test_a_bad_configuration_is_a_clear_error(tmp_path, text, path):
    from libguard import Error, Guard

    (tmp_path / "guard.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(Error) as wrong:
        Guard.open(tmp_path / "guard.yaml")
    assert wrong.value.kind == "configuration"
    assert path in str(wrong.value)
