"""Approvers and auditors: tickets, sessions, the record."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from command_line import QUERY, REFUND, one_sentence, process


def refunded(shop, order):
    with closing(sqlite3.connect(shop / "shop.db")) as database:
        return database.execute("SELECT refunded_cents FROM orders WHERE id = ?", [order]).fetchone()[0]


def again(cli, ticket, cents="48900"):
    return cli(*QUERY, REFUND, "--param", cents, "--param", "1042", "--ticket", ticket, "--json")


def test_approved_runs_once(shop, cli, dana, ticket):
    assert refunded(shop, 1042) == 0
    page = cli("approvals", "show", ticket)
    for words in (ticket, REFUND, "48900", "big-refund-asks", "support-crew", "main.orders", "of 100"):
        assert words in page.out
    assert "at most 1 row: named by key" in page.out
    assert re.search(r"big-refund-asks \(\S*policies/\S+\.cedar:\d+\): 0 of 1 from finance", page.out)
    assert ticket in cli("approvals", "list").out
    said = cli("approvals", "approve", ticket, "--token-file", str(dana))
    assert said.code == 0
    assert "approved" in said.out
    changed = again(cli, ticket, "98900")
    assert (changed.code, changed.json["code"]) == (1, "approval.changed")
    assert refunded(shop, 1042) == 0
    assert again(cli, ticket).json["outcome"] == "completed"
    assert refunded(shop, 1042) == 48900
    replay = again(cli, ticket)
    assert (replay.code, replay.json["code"]) == (1, "approval.consumed")


def test_a_record_leads_to_its_session(shop, cli, ticket):
    record = cli("approvals", "show", ticket, "--json").json["record"]
    (pending,) = [each for each in cli("sessions", "show", record, "--json").json if each.get("record") == record]
    assert pending["approval"]["ticket"] == ticket
    assert one_sentence(cli("sessions", "show", "r-none"))


@pytest.mark.parametrize(
    ("answers", "said"), [(["r", "s", ""], "left open"), (["s", "d"], "denied"), (["r", "a"], "approved")]
)
def test_the_approver_is_asked_after_looking_at_the_past(shop, cli, dana, ticket, monkeypatch, answers, said):
    from libguard.cli import approvals

    given = iter(answers)
    monkeypatch.setattr("builtins.input", lambda _: next(given))
    monkeypatch.setattr(approvals.sys.stdin, "isatty", lambda: True, raising=False)
    page = cli("approvals", "show", ticket, "--token-file", str(dana))
    assert page.code == 0
    assert said in page.out
    assert page.out.count("pending") >= 1


def test_denied_is_final(shop, cli, dana, ticket):
    assert cli("approvals", "deny", ticket, "--token-file", str(dana), "--note", "no").code == 0
    late = cli("approvals", "approve", ticket, "--token-file", str(dana))
    assert late.code == 1
    assert "not counted" in late.err
    assert again(cli, ticket).json["outcome"] == "refused"
    assert refunded(shop, 1042) == 0


def test_revoked_does_not_run(shop, cli, dana, ticket):
    assert cli("approvals", "approve", ticket, "--token-file", str(dana)).code == 0
    assert cli("approvals", "revoke", ticket, "--token-file", str(dana)).code == 0
    assert again(cli, ticket).json["outcome"] == "refused"
    assert refunded(shop, 1042) == 0


def test_a_machine_cannot_approve(shop, cli, ticket):
    assert cli("token", "issue", "--account", "support-crew", "--out", "crew.token").code == 0
    said = cli("approvals", "approve", ticket, "--token-file", "crew.token", "--json")
    assert said.code == 1
    assert said.json["accepted"] is False


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_a_made_up_token_does_not_count(shop, cli, ticket, token):
    (shop / "made-up").write_text(token)
    said = cli("approvals", "approve", ticket, "--token-file", "made-up")
    assert said.code == 1
    assert token not in said.err
    assert cli("approvals", "show", ticket, "--json").json["state"] == "open"


def test_a_token_of_another_key_does_not_count(shop, cli, ticket):
    from libguard.keys import write_issuer_key

    write_issuer_key(shop / "other.ed25519", shop / "other.pub")
    made = cli(
        "token",
        "issue",
        "--key-file",
        "other.ed25519",
        "--subject",
        "dana",
        "--issuer",
        "libguard:people",
        "--out",
        "t",
    )
    assert made.code == 0
    assert cli("approvals", "approve", ticket, "--token-file", "t").code == 1
    assert cli("approvals", "show", ticket, "--json").json["state"] == "open"


def test_a_name_is_no_proof(shop, cli, ticket):
    assert one_sentence(cli("approvals", "approve", ticket))
    assert one_sentence(cli("approvals", "approve", ticket, "--account", "dana"))
    # The guard holds only the public half of people's key, so it cannot issue a person's token.
    assert one_sentence(cli("token", "issue", "--account", "dana"))


def test_a_token_may_come_through_a_pipe(shop, dana, ticket):
    done = process("approvals", "approve", ticket, "--token-file", "-", given=dana.read_bytes(), cwd=shop)
    assert done.returncode == 0, done.stderr


def test_an_unknown_ticket(shop, cli, dana):
    assert one_sentence(cli("approvals", "show", "t-nope"))
    assert cli("approvals", "approve", "t-nope", "--token-file", str(dana)).code == 1


def test_sessions(shop, cli):
    cli(*QUERY, "SELECT name, email FROM customers WHERE id = 1", "--user", "mia", "--purpose", "ticket 4711")
    cli(*QUERY, "DROP TABLE customers")
    listed = cli("sessions", "list", "--json").json
    assert len(listed) == 2
    page = cli("sessions", "list").out
    for words in ("support-crew", "mia", listed[0]["session"]):
        assert words in page
    drop, read = (cli("sessions", "show", each["session"]).out for each in listed)
    assert "refuse" in drop
    assert "no-ddl" in drop
    assert "allow" in read
    assert "1 row" in read
    assert "pii.email masked (label) x1" in read
    replayed = cli("sessions", "replay", listed[1]["session"], "--pace", "0").out
    assert "Mia Berger" in replayed
    assert "mia.berger@example.com" not in replayed
    assert one_sentence(cli("sessions", "show", "s-nope"))
    assert one_sentence(cli("sessions", "replay", listed[1]["session"], "--pace", "-1"))


def test_the_record_is_verified_and_tampering_found(shop, cli):
    for _ in range(3):
        cli(*QUERY, "SELECT 12345 AS a")
    said = cli("audit", "verify")
    assert said.code == 0
    assert "chain intact" in said.out
    shutil.copytree("state/audit", "copy")
    segment = next(path for path in sorted((shop / "copy").glob("*.jsonl")) if b"12345" in path.read_bytes())
    segment.write_bytes(segment.read_bytes().replace(b"12345", b"12346", 1))
    said = cli("audit", "verify", "--directory", "copy")
    assert said.code == 1
    assert "NOT INTACT" in said.out
    assert "record" in said.out
    assert cli("audit", "verify", "--directory", "copy", "--json").json["intact"] is False


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        (b"not a record\n" * 100, 1, "NOT INTACT"),
        (b"\xff\xfe\n", 1, "NOT INTACT"),
        (b"{" * 100_000 + b"\n", 1, "NOT INTACT"),
        # A killed writer leaves these, too: they are said, and without an anchor they cannot be told from a cut.
        (b"", 0, "empty"),
        (b"\xff" * 1_000, 0, "incomplete line"),
        (b"\x00", 0, "incomplete line"),
    ],
)
def test_damaged_records_are_said(shop, cli, damage, code, words):
    cli(*QUERY, "SELECT 1")
    shutil.copytree("state/audit", "copy")
    for segment in (shop / "copy").glob("*.jsonl"):
        segment.write_bytes(damage)
    said = cli("audit", "verify", "--directory", "copy")
    assert said.code == code
    assert words in said.out
    assert "no anchor" in said.out
    listed = cli("sessions", "list", "--directory", "copy", "--json")
    assert (listed.code, listed.json) == (0, [])


def test_query_exit_codes_and_pages(shop, cli):
    done = cli(*QUERY, "SELECT name, card FROM customers WHERE id = ?", "--param", "1")
    assert done.code == 0
    assert "Mia Berger" in done.out
    assert "masked (partial)" in done.out
    refused = cli(*QUERY, "DELETE FROM orders")
    assert refused.code == 1
    assert "no-blind-dml" in refused.out
    failed = cli(*QUERY, "SELECT abs(-9223372036854775808)", "--json")
    assert failed.code == 1


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ('"7"', "7"), ("null", None), ("a b", "a b"), ("[1]", "[1]"), ("NaN", "NaN")]
)
def test_parameters_of_one_statement(shop, cli, text, value):
    said = cli(*QUERY, "SELECT ? AS a", "--param", text, "--json")
    assert said.json["rows"] == [[value]], said.json


def test_a_key_opens_a_session(shop, cli):
    made = cli("key", "make", "--json").json
    assert set(made) == {"key", "id", "secret_sha256"}
    account = (
        f"    robot: {{ groups: [support], keys: [{{ id: {made['id']}, secret_sha256: {made['secret_sha256']}, "
        "created: 2026-01-01 }] }\n\nconnections:"
    )
    text = (shop / "guard.yaml").read_text()
    (shop / "guard.yaml").write_text(text.replace("\nconnections:", account, 1))
    (shop / "robot.key").write_text(made["key"] + "\n")
    said = cli("query", "SELECT 1 AS a", "--connection", "shop", "--key-file", "robot.key", "--json")
    assert (said.code, said.json["rows"]) == (0, [[1]]), said.err
    assert made["key"] not in cli("key", "make").out


def test_explained_for_a_person(shop, cli):
    page = cli("explain", "DELETE FROM orders", "--as", "support-crew").out
    for words in ("delete", "main.orders", "no WHERE", "no-blind-dml", "risk"):
        assert words in page
    assert "no: " in cli("explain", "not even SQL").out
    assert json.loads(cli("explain", "SELECT 1", "--json").out)["understood"] is True
