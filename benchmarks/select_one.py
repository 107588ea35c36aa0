"""Guarded `SELECT 1` from Python on PostgreSQL against an unguarded SQLAlchemy + psycopg pool, interleaved.

The journal is whole but for fdatasync, which is left out through its OS interface in a build of the bindings that
only benchmarks have. Usage: select_one.py FOLDER-OF-_bench_native [rounds]
"""

from __future__ import annotations

import json
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

sys.path.insert(0, sys.argv[1])
import _bench_native

sys.modules["libguard._native"] = _bench_native

import sqlalchemy  # noqa: E402
from cluster import Cluster  # noqa: E402

import libguard  # noqa: E402

BLOCK = 50


def guarded(cluster: Cluster, folder: pathlib.Path) -> libguard.Guard:
    """The smallest configuration that lets a crew run SELECT 1 on PostgreSQL."""
    _bench_native.write_issuer_key(str(folder / "issuer.ed25519"), str(folder / "issuer.pub"))
    for role, password in cluster.passwords.items():
        (folder / role).write_text(password)
        (folder / role).chmod(0o600)
    (folder / "policy.cedar").write_text(
        '@id("connects") permit (principal, action == Action::"connect", resource);\n'
        '@id("reads") permit (principal, action in Action::"read", resource);\n'
    )
    (folder / "guard.yaml").write_text(f"""version: 1
identity:
  providers: {{ local: {{ kind: local, key: issuer.ed25519 }} }}
  accounts: {{ crew: {{ match: {{ provider: local, subject: crew }}, groups: [crew], local: true }} }}
connections:
  shop:
    driver: postgres
    host: {cluster.folder}
    port: {cluster.port}
    database: shop
    login:
      read: {{ role: guard_reader, credential: {{ kind: file, path: guard_reader }} }}
policies: ["libguard:baseline", "policy.cedar"]
""")
    return libguard.Guard(_bench_native.open_without_sync(str(folder / "guard.yaml")))


def time_block(call: Callable[[], object]) -> list[float]:
    spans = []
    for _ in range(BLOCK):
        began = time.perf_counter_ns()
        call()
        spans.append((time.perf_counter_ns() - began) / 1000)
    return spans


def main() -> None:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with Cluster() as cluster, tempfile.TemporaryDirectory() as scratch:
        engine = sqlalchemy.create_engine(cluster.url("guard_reader"), pool_size=1)
        statement = sqlalchemy.text("SELECT 1")

        def plain() -> object:
            with engine.connect() as connection:
                return connection.execute(statement).fetchall()

        with guarded(cluster, pathlib.Path(scratch)) as guard, guard.session(account="crew") as session:

            def ours() -> object:
                outcome = session.query("shop", "SELECT 1")
                if not outcome.completed:
                    raise SystemExit(f"{outcome.code}: {outcome.reason}")
                return outcome.rows

            times: dict[str, list[float]] = {"plain": [], "guarded": []}
            for warm_up in (plain, ours):
                time_block(warm_up)
            for _ in range(rounds):
                for name, call in (("plain", plain), ("guarded", ours)):
                    times[name] += time_block(call)
    plain_us, ours_us = statistics.median(times["plain"]), statistics.median(times["guarded"])
    answer = {
        "name": "SELECT 1 from Python on PostgreSQL",
        "baseline": "SQLAlchemy + psycopg, pooled, unguarded",
        "baseline_p50_us": round(plain_us, 1),
        "guarded_p50_us": round(ours_us, 1),
        "ratio": round(ours_us / plain_us, 3),
        "target": 1.5,
        "runs": len(times["plain"]),
    }
    print(json.dumps(answer))


main()
