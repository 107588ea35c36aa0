"""Some 490 attempts to get classified values out of a whole guard on SQLite and PostgreSQL.

The policy is as open as it can be without `unmask`, `match` and `infer`: what keeps the values in is masking alone.
The attempts are in tests/cases/leak_attempts.json.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import sys
from pathlib import Path

import pytest

from conftest import real_native

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "tests/cases/leak_attempts.json").read_text(encoding="utf-8"))
CLASSES = ("email", "ssn", "card", "born", "salary", "prefs")
POLICY = """
@id("connects") permit (principal, action in [Action::"connect", Action::"use"], resource);
@id("reads") permit (principal, action in Action::"read", resource);
@id("writes") permit (principal, action in Action::"write", resource);
@id("calls") permit (principal, action == Action::"call", resource);
"""
pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")


def forms_of(secret: str) -> set[str]:
    """The value as an expression might show it."""
    data = secret.encode()
    coded = (data.hex(), base64.b64encode(data).decode().rstrip("=")[:-1], hashlib.md5(data).hexdigest())
    return {each.lower() for each in (secret, secret[::-1], *coded)}


FORMS = set().union(*(forms_of(secret) for secret in CASES["secrets"]))


def columns_of(dialect: str) -> dict[str, list[str]]:
    schema = "main" if dialect == "sqlite" else "public"
    columns = {name: [f"shop/{schema}.customers.{name}"] for name in CLASSES}
    columns["ssn"].append(f"shop/{schema}.derived.ssn")
    if dialect == "sqlite":
        columns["email"].append("shop/main.fts.email")
        columns["ssn"].append("shop/main.wr.k")
    else:
        columns["ssn"].append("shop/public.people.ssn")
        columns["email"] += ["shop/public.events.email", 'shop/public.Weird "Tab.E mail']
        columns["tags"] = ["shop/public.customers.tags"]
    return columns


def write_guard(folder: Path, dialect: str, connection: str) -> None:
    from libguard.keys import write_issuer_key

    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "open.cedar").write_text(POLICY)
    shows = {"card": "partial:last=4"}
    data = "\n".join(
        f'  pii.{name}: {{ columns: {json.dumps(columns)}, show: "{shows.get(name, "label")}" }}'
        for name, columns in columns_of(dialect).items()
    )
    (folder / "guard.yaml").write_text(f"""version: 1
identity:
  providers: {{ local: {{ kind: local, key: issuer.ed25519 }} }}
  accounts: {{ crew: {{ match: {{ provider: local, subject: crew }}, groups: [crew], local: true }} }}
connections:
{connection}
data:
{data}
policies: ["libguard:baseline", "open.cedar"]
audit: {{ directory: audit }}
""")


def attack(folder: Path, dialect: str) -> None:
    from libguard import Guard

    cases = CASES[dialect]
    leaks, told, ran = [], [], []
    with Guard.open(folder / "guard.yaml") as guard, guard.session(account="crew") as session:
        for sql in cases["questions"]:
            outcome = session.query("shop", sql)
            assert outcome.completed or outcome.state == "refused", (sql, outcome.code)
            if len({repr(row) for row in outcome.rows}) > 1:
                told.append((sql, outcome.rows))
        ran += [sql for sql in cases.get("refused", ()) if session.query("shop", sql).state != "refused"]
        for sql in cases["statements"]:
            bound = "$1" in sql or (dialect == "sqlite" and "?" in sql)
            outcome = session.query("shop", sql, [1] if bound else None)
            shown = json.dumps([[str(cell) for cell in row] for row in outcome.rows]) + outcome.reason
            leaks += [(sql, form) for form in FORMS if form in shown.lower() and form not in sql.lower()]
    assert leaks == []
    assert told == []
    assert ran == []
    log = b"".join(path.read_bytes() for path in (folder / "audit").glob("*.jsonl"))
    # 123457 is a guess that the agent itself subtracts; literals are hidden where they are compared or assigned.
    assert [secret for secret in CASES["secrets"] if secret.encode() in log and secret != "123457"] == []


def test_sqlite(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.executescript("\n".join(CASES["sqlite"]["schema"]))
    shop.close()
    write_guard(tmp_path, "sqlite", "  shop: { driver: sqlite, path: shop.db }")
    attack(tmp_path, "sqlite")


def test_postgres(tmp_path):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from cluster import Cluster

    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL server on this machine")
    with Cluster() as cluster:
        cluster.sql("\n".join(CASES["postgres"]["schema"]), "shop")
        cluster.sql("GRANT USAGE ON SCHEMA public TO guard_reader, guard_writer", "shop")
        for role, password in cluster.passwords.items():
            (tmp_path / role).write_text(password)
            (tmp_path / role).chmod(0o600)
        logins = ", ".join(
            f"{kind}: {{ role: {role}, credential: {{ kind: file, path: {role} }} }}"
            for kind, role in (("read", "guard_reader"), ("write", "guard_writer"))
        )
        place = f"host: {cluster.folder}, port: {cluster.port}, database: shop"
        write_guard(tmp_path, "postgres", f"  shop: {{ driver: postgres, {place}, login: {{ {logins} }} }}")
        attack(tmp_path, "postgres")
