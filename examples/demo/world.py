"""A shop in a folder of its own: database, configuration, keys. Everything is thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from libguard.keys import write_issuer_key

FILES = Path(__file__).parent / "files"
TABLES = ("customers", "orders", "salaries")


class World:
    """The SQLite shop. There are two copies: one for the plain tool, one behind the guard."""

    title = "SQLite"
    schema = "main"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="libguard-demo-"))
        # The key that makes people lies elsewhere, as it should: the guard's folder has only its public half.
        self.elsewhere = Path(tempfile.mkdtemp(prefix="libguard-dana-"))

    @property
    def config(self) -> Path:
        return self.folder / "guard.yaml"

    @property
    def audit(self) -> Path:
        return self.folder / "state" / "audit"

    @property
    def plain_uri(self) -> str:
        return f"sqlite:///{self.folder / 'plain.db'}"

    @property
    def connection(self) -> str:
        return "{ driver: sqlite, path: shop.db, tags: [prod] }"

    def placeholder(self, number: int) -> str:
        return "?"

    def __enter__(self) -> World:
        try:
            self.set_up()
        except BaseException:
            self.tear_down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.tear_down()

    def set_up(self) -> None:
        self.make_databases()
        (self.folder / "keys").mkdir(mode=0o700)
        (self.folder / "policies").mkdir()
        write_issuer_key(self.folder / "keys/issuer.ed25519", self.folder / "keys/issuer.pub")
        write_issuer_key(self.elsewhere / "people.ed25519", self.folder / "keys/people.pub")
        for source, target in (("guard.yaml", "guard.yaml"), ("support.cedar", "policies/support.cedar")):
            text = (FILES / source).read_text()
            text = text.replace("@CONNECTION@", self.connection).replace("@SCHEMA@", self.schema)
            (self.folder / target).write_text(text)

    def make_databases(self) -> None:
        for name in ("shop.db", "plain.db"):
            with closing(sqlite3.connect(self.folder / name)) as shop:
                shop.executescript((FILES / "shop.sql").read_text())

    def ask(self, database: str, sql: str) -> str | None:
        """One value, beside tool and guard; None when the database cannot answer. `database`: shop or plain."""
        try:
            with closing(sqlite3.connect(self.folder / f"{database}.db")) as shop:
                row = shop.execute(sql).fetchone()
        except sqlite3.Error:
            return None
        return "" if row is None else str(row[0])

    def counts(self, database: str) -> dict[str, int | None]:
        found = {}
        for table in TABLES:
            count = self.ask(database, f"SELECT count(*) FROM {table}")
            found[table] = None if count is None else int(count)
        return found

    def refunded(self, order: int) -> int:
        return int(self.ask("shop", f"SELECT refunded_cents FROM orders WHERE id = {order}") or 0)

    def secrets(self) -> dict[str, bytes]:
        """What nobody may find in the guarded tool: the issuer's key, and where and how the database is reached."""
        key = (self.folder / "keys/issuer.ed25519").read_text().splitlines()
        body = max(key, key=len) if key else ""
        return {"the issuer's key": body.encode(), "the database's place": os.fsencode(self.folder / "shop.db")}

    def attacks(self) -> list[tuple[str, str]]:
        """(what the agent is up to, SQL), each in this database's own dialect."""
        return [
            ("read another table", "SELECT name, yearly_cents FROM salaries"),
            (
                "delete behind a harmless WITH",
                "WITH old AS (SELECT id FROM orders) DELETE FROM orders WHERE id IN (SELECT id FROM old)",
            ),
            ("drop a table", "DROP TABLE customers"),
            ("open the issuer's key as a database", f"ATTACH DATABASE '{self.folder / 'keys/issuer.ed25519'}' AS k"),
            ("ask where the database lies", "PRAGMA database_list"),
        ]

    def tear_down(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.elsewhere, ignore_errors=True)
