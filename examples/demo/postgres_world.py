"""The same shop on a throw-away PostgreSQL: two databases, one for the plain tool and one behind the guard."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from world import World


class PostgresWorld(World):
    title = "a throw-away PostgreSQL"
    schema = "public"
    _server: subprocess.Popen[str] | None = None
    _place: dict[str, str]

    def make_databases(self) -> None:
        passwords = self.folder / "passwords"
        passwords.mkdir(mode=0o700)
        # A session of its own: Ctrl-C at the terminal ends the demo, and the demo's end ends the server.
        script = str(Path(__file__).parent / "throwaway.py")
        self._server = subprocess.Popen(
            [sys.executable, script, str(passwords)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            raise RuntimeError("the throw-away PostgreSQL did not start")
        self._place = json.loads(line)

    def tear_down(self) -> None:
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait(60)
            assert self._server.stdout is not None
            self._server.stdout.close()
        super().tear_down()

    def placeholder(self, number: int) -> str:
        return f"${number}"

    @property
    def connection(self) -> str:
        logins = ", ".join(
            f"{kind}: {{ role: {role}, credential: {{ kind: file, path: passwords/{role}.password }} }}"
            for kind, role in (("read", "guard_reader"), ("write", "guard_writer"))
        )
        place = f"host: {self._place['host']}, port: {self._place['port']}, database: shop, schemas: [public]"
        return f"{{ driver: postgres, {place}, login: {{ {logins} }}, tags: [prod] }}"

    @property
    def plain_uri(self) -> str:
        # As in many a crew's source: user and password in the URL.
        password = (self.folder / "passwords" / "shop_owner.password").read_text()
        return f"postgresql://shop_owner:{password}@/plain?host={self._place['host']}&port={self._place['port']}"

    def ask(self, database: str, sql: str) -> str | None:
        place = ("-h", self._place["host"], "-p", str(self._place["port"]), "-U", "postgres", "-d", database)
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *place, "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def counts(self, database: str) -> dict[str, int | None]:
        """One round trip for the tables that there are, since every call is a process."""
        alive = self.ask(
            database,
            "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'",
        )
        tables = [table for table in ("customers", "orders", "salaries") if table in (alive or "").split(",")]
        asked = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)
        lines = (self.ask(database, asked) or "").splitlines() if asked else []
        found: dict[str, int | None] = {"customers": None, "orders": None, "salaries": None}
        for line in lines:
            table, count = line.split("|")
            found[table] = int(count)
        return found

    def secrets(self) -> dict[str, bytes]:
        found = super().secrets()
        del found["the database's place"]
        found["the server's place"] = self._place["host"].encode()
        return found

    def attacks(self) -> list[tuple[str, str]]:
        return [
            ("read another table", "SELECT name, yearly_cents FROM salaries"),
            (
                "delete behind a harmless WITH",
                "WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone",
            ),
            ("drop a table", "DROP TABLE customers CASCADE"),
            ("read the issuer's key from the server", f"SELECT pg_read_file('{self.folder / 'keys/issuer.ed25519'}')"),
            (
                "ask how the server is set up",
                "SELECT name, setting FROM pg_settings WHERE name IN ('port', 'server_version')",
            ),
        ]
