"""Two databases that differ in their classified values alone look the same to an agent that may not see them.

Whatever tells them apart, a row more, another order, an error, another sentence, is a way to learn a classified value,
also one that nobody has thought of. Longer runs: CASES=20000 SEED=7 pytest tests/python/masking
"""

from __future__ import annotations

import collections
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from select_cases import Selects

from conftest import real_native

ROOT = Path(__file__).parents[3]
CASES = int(os.environ.get("CASES", "1500"))
SEED = int(os.environ.get("SEED", "1"))
pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

Values = dict[str, list[str | int | None]]
# Of six rows each. The second is NULL where the first is, and the third is not: that a column as it stands is NULL is
# shown, so the third is compared without the cells that were masked.
FIRST: Values = {
    "email": ["kiwi", "mango", "pear", None, "plum", "fig"],
    "ssn": ["111", "222", "333", "444", None, "666"],
    "score": [10, 20, 30, 40, 50, None],
    "card": ["aaa", "bbb", "ccc", "ddd", "eee", None],
    "fee": [1, 2, 3, 4, 5, 6],
}
SAME_NULLS: Values = {
    "email": ["zebra", "ox", "oslo", None, "a", "%e%"],
    "ssn": ["9", "88888888", "x", "a", None, "4"],
    "score": [55, 0, -7, -1, 3, None],
    "card": ["", "z", "yy", "", "oslo", None],
    "fee": [0, 0, 3, 60, -2, 7],
}
OTHER_NULLS: Values = {
    "email": ["zebra", "ox", None, "anteater", "a", "%e%"],
    "ssn": ["9", "88888888", None, None, "5", "4"],
    "score": [55, 0, None, -1, 3, 1],
    "card": [None, "z", "yy", "", "oslo", "bob"],
    "fee": [0, 0, None, 60, -2, 7],
}
NAMES = ("bob", "eve", "al", "kim", "bob", "zoe")
CITIES = ("oslo", "rome", "oslo", None, "bern", "rome")
NOTES = ("a", "kiwi", "zebra", None, "x", "bob")
POLICY = """
@id("connects") permit (principal, action in [Action::"connect", Action::"use"], resource);
@id("reads") permit (principal, action in Action::"read", resource);
"""
INFERS = '@id("infers") permit (principal, action in [Action::"match", Action::"infer"], resource);\n'


def literal(value: str | int | None) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def world(values: Values, json_type: str) -> list[str]:
    """The statements that make it."""
    made = [
        "CREATE TABLE customers(id int PRIMARY KEY, name text, email text, ssn text, age int, score int, city text,"
        f" profile {json_type}, joined date)",
        "CREATE TABLE orders(id int PRIMARY KEY, customer_id int, total int, note text, card text, fee int)",
    ]
    for i in range(6):
        email, ssn, score, card, fee = (literal(values[name][i]) for name in ("email", "ssn", "score", "card", "fee"))
        known = f"{literal(NAMES[i])}, {email}, {ssn}, {20 + i * 7}, {score}, {literal(CITIES[i])}"
        made.append(f"INSERT INTO customers VALUES ({i + 1}, {known}, '{{\"a\":{i}}}', '2024-01-0{i + 1}')")
        made.append(f"INSERT INTO orders VALUES ({i + 1}, {i // 2 + 1}, {i * 10}, {literal(NOTES[i])}, {card}, {fee})")
    made.append("CREATE VIEW v_cust AS SELECT id, upper(email) AS mail, name, length(ssn) AS size, city FROM customers")
    made.append("CREATE VIEW v_agg AS SELECT city, count(*) AS n, max(score) AS top FROM customers GROUP BY city")
    return made


def write_guard(folder: Path, connection: str, schema: str, policy: str) -> Path:
    from libguard.keys import write_issuer_key

    folder.mkdir(exist_ok=True)
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "open.cedar").write_text(policy)
    columns = {
        "pii.text": [f"shop/{schema}.{name}" for name in ("customers.email", "customers.ssn", "orders.card")],
        "pii.number": [f"shop/{schema}.{name}" for name in ("customers.score", "orders.fee")],
    }
    data = "\n".join(f"  {name}: {{ columns: {json.dumps(of)}, show: label }}" for name, of in columns.items())
    path = folder / "guard.yaml"
    path.write_text(f"""version: 1
identity:
  providers: {{ local: {{ kind: local, key: issuer.ed25519 }} }}
  accounts: {{ crew: {{ match: {{ provider: local, subject: crew }}, groups: [crew], local: true }} }}
connections:
  shop: {connection}
data:
{data}
policies: ["libguard:baseline", "open.cedar"]
audit: {{ directory: audit }}
""")
    return path


def answer(session: Any, sql: str, *, hide_masked: bool) -> tuple[Any, ...]:
    """All of an outcome that does not hang on the moment."""
    outcome = session.query("shop", sql)
    masked = [column.masked for column in outcome.columns]
    rows = [
        ["masked" if hide_masked and hidden else repr(cell) for cell, hidden in zip(row, masked, strict=True)]
        for row in outcome.rows
    ]
    columns = [(column.name, column.masked, column.data_class) for column in outcome.columns]
    return (outcome.state, outcome.code, outcome.reason, columns, rows, outcome.truncated, outcome.risk)


def differences(first: Path, second: Path, cases: int, *, postgres: bool, hide_masked: bool) -> list[Any]:
    from libguard import Guard

    found: list[Any] = []
    seen: collections.Counter[str] = collections.Counter()
    selects = Selects(SEED, postgres=postgres)
    with (
        Guard.open(first) as one,
        Guard.open(second) as other,
        one.session(account="crew") as left,
        other.session(account="crew") as right,
    ):
        for _ in range(cases):
            sql = next(selects)
            here, there = (answer(session, sql, hide_masked=hide_masked) for session in (left, right))
            seen[here[0]] += 1
            seen["masked"] += any(masked for _, masked, _ in here[3])
            if here != there:
                found.append((sql, here, there))
    # The questions are worth asking: many run, many show something that is masked, many ask too much.
    assert seen["completed"] > cases // 4, seen
    assert seen["masked"] > cases // 20, seen
    assert seen["refused"] > cases // 5, seen
    return found


@contextmanager
def sqlite_worlds(folder: Path, *values: Values, policy: str = POLICY) -> Iterator[list[Path]]:
    paths = []
    for i, each in enumerate(values):
        place = folder / f"world{i}"
        paths.append(write_guard(place, "{ driver: sqlite, path: shop.db }", "main", policy))
        shop = sqlite3.connect(place / "shop.db")
        shop.executescript(";\n".join(world(each, "text")))
        shop.close()
    yield paths


@contextmanager
def postgres_worlds(folder: Path, *values: Values, policy: str = POLICY) -> Iterator[list[Path]]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from cluster import Cluster

    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL server on this machine")
    with Cluster() as cluster:
        paths = []
        for i, each in enumerate(values):
            place = folder / f"world{i}"
            place.mkdir()
            cluster.sql(f"CREATE DATABASE world{i}", "postgres")
            cluster.sql(";\n".join(world(each, "jsonb")), f"world{i}")
            cluster.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard_reader", f"world{i}")
            (place / "password").write_text(cluster.passwords["guard_reader"])
            (place / "password").chmod(0o600)
            login = "login: { read: { role: guard_reader, credential: { kind: file, path: password } } }"
            at = f"host: {cluster.folder}, port: {cluster.port}, database: world{i}, schemas: [public]"
            paths.append(write_guard(place, f"{{ driver: postgres, {at}, {login} }}", "public", policy))
        yield paths


@pytest.mark.parametrize(("other", "hide_masked"), [(SAME_NULLS, False), (OTHER_NULLS, True)])
def test_sqlite(tmp_path: Path, other: Values, hide_masked: bool) -> None:
    with sqlite_worlds(tmp_path, FIRST, other) as (first, second):
        assert differences(first, second, CASES, postgres=False, hide_masked=hide_masked) == []


def test_postgres(tmp_path: Path) -> None:
    with postgres_worlds(tmp_path, FIRST, SAME_NULLS, OTHER_NULLS) as (first, second, third):
        assert differences(first, second, CASES // 3, postgres=True, hide_masked=False) == []
        assert differences(first, third, CASES // 3, postgres=True, hide_masked=True) == []


def test_the_comparison_sees_what_an_agent_may_infer(tmp_path: Path) -> None:
    """With leave to infer the same questions do tell the worlds apart."""
    from libguard import Guard

    with (
        sqlite_worlds(tmp_path, FIRST, SAME_NULLS, policy=POLICY + INFERS) as (first, second),
        Guard.open(first) as one,
        Guard.open(second) as other,
        one.session(account="crew") as left,
        other.session(account="crew") as right,
    ):
        selects = Selects(1, postgres=False)  # of each seed some tell, of this one enough
        asked = [next(selects) for _ in range(300)]
        told = [sql for sql in asked if answer(left, sql, hide_masked=False) != answer(right, sql, hide_masked=False)]
    assert len(told) > 10
