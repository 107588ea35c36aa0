"""The shipped roles: listed, given out by `init --preset`, and doing what they say on a real database."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from command_line import one_sentence

READ = "SELECT name, email FROM customers WHERE id = 1"
SEARCH = "SELECT count(*) FROM customers WHERE email LIKE '%example%'"
KEYED = "UPDATE orders SET status = 'held', refunded_cents = 0 WHERE id = 1042"
MANY = "UPDATE orders SET status = 'held', refunded_cents = 0 WHERE status = 'paid'"
BLIND = "DELETE FROM orders"
DROP = "DROP TABLE orders"
SYSTEM = "SELECT name FROM sqlite_schema"

# What each role answers: completed, pending (asks a person) or refused.
ANSWERS = {
    "read-only": {READ: "completed", SEARCH: "refused", KEYED: "refused", MANY: "refused"},
    "analyst": {READ: "completed", SEARCH: "completed", KEYED: "refused", MANY: "refused"},
    "operator": {READ: "completed", SEARCH: "refused", KEYED: "completed", MANY: "pending"},
}


@pytest.fixture
def folder(tmp_path_factory, monkeypatch, shop):
    folder = tmp_path_factory.mktemp("preset")
    monkeypatch.chdir(folder)
    return folder


def answer(cli, sql):
    return cli("query", "--connection", "shop", "--account", "agent", sql, "--json").json


@pytest.mark.parametrize("preset", list(ANSWERS))
def test_preset_does_what_it_says(folder, cli, preset):
    said = cli("init", "--preset", preset)
    assert said.code == 0, said.err
    assert cli("config", "check").code == 0
    expected = {**ANSWERS[preset], BLIND: "refused", DROP: "refused", SYSTEM: "refused"}
    assert {sql: answer(cli, sql)["outcome"] for sql in expected} == expected
    seen = answer(cli, READ)
    assert "@" not in json.dumps(seen["rows"])
    assert seen["columns"][1]["masked"]
    with closing(sqlite3.connect("shop.db")) as database:
        assert database.execute("SELECT count(*) FROM orders WHERE status = 'held'").fetchone()[0] == (
            1 if preset == "operator" else 0
        )


def test_operator_runs_once_a_person_agreed(folder, cli):
    assert cli("init", "--preset", "operator").code == 0
    assert cli("token", "issue", "--key-file", "keys/people.ed25519", "--subject", "dana", "--out", "dana").code == 0
    ticket = answer(cli, MANY)["ticket"]
    assert cli("approvals", "approve", ticket, "--token-file", "dana").code == 0
    done = cli("query", "--connection", "shop", "--account", "agent", MANY, "--ticket", ticket, "--json")
    assert done.json["outcome"] == "completed"


def test_roles_are_listed_and_shown(cli):
    listed = cli("policy", "roles")
    assert listed.code == 0
    for name in ("baseline@1", "read-only@1", "analyst@1", "operator@1", "approver@1", "break-glass@1"):
        assert name in listed.out
    assert "operator:many-rows-ask" in cli("policy", "roles", "operator").out
    assert [pack["role"] for pack in cli("policy", "roles", "analyst@1", "--json").json] == ["analyst"]
    assert one_sentence(cli("policy", "roles", "root"))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("x: { role: root, group: agents, connection: shop }", "there is no role"),
        ("x: { role: analyst@9, group: agents, connection: shop }", "there is no role"),
        ("x: { role: operator, group: agents, connection: shop }", "needs `approvers:`"),
        ("x: { role: analyst, group: nobodies, connection: shop }", "nobodies"),
        ("x: { role: analyst, group: agents, connection: shed }", "shed"),
        ("x: { role: analyst, group: agents, connection: shop, extra: 1 }", "extra"),
        ("x: { role: operator, group: agents, connection: shop, approvers: 'a,n=1' }", "letters"),
        ("x: 3", "roles"),
    ],
)
def test_a_role_that_cannot_apply_is_refused(folder, cli, entry, words):
    assert cli("init", "--preset", "read-only").code == 0
    path = folder / "guard.yaml"
    lines = [f"  {entry}" if "role: read-only" in line else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    said = cli("config", "check")
    assert said.code == 2
    assert words in said.err, said.err


def test_an_unknown_preset_is_refused(folder, cli):
    assert one_sentence(cli("init", "--preset", "root"))
    assert list(folder.iterdir()) == []
