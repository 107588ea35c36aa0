"""The tool that most crews have today: any SQL, straight to the database, with the URL inside. Not guarded."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing

from crewai.tools import BaseTool
from pydantic import BaseModel


class PlainArguments(BaseModel):
    sql_query: str
    params: list[str | int | None] | None = None
    explanation: str | None = None


class PlainSQLTool(BaseTool):
    """In the manner of CrewAI's NL2SQLTool: `PlainSQLTool(db_uri=...)`. Errors go back to the model as they are."""

    name: str = "run_sql"
    description: str = "Runs SQL against the shop database."
    args_schema: type[BaseModel] = PlainArguments
    db_uri: str

    def _run(self, sql_query: str, params: list[str | int | None] | None = None, explanation: str | None = None) -> str:
        try:
            return (
                self._sqlite(sql_query, params or [])
                if self.db_uri.startswith("sqlite:")
                else self._psql(sql_query, params or [])
            )
        except Exception as error:
            return f"error: {error}"

    def _sqlite(self, sql_query: str, params: list[str | int | None]) -> str:
        with closing(sqlite3.connect(self.db_uri.removeprefix("sqlite:///"))) as shop:
            rows = shop.execute(sql_query, params).fetchall()
            shop.commit()
            return str(rows)

    def _psql(self, sql_query: str, params: list[str | int | None]) -> str:
        for number, value in reversed(list(enumerate(params, 1))):
            sql_query = sql_query.replace(f"${number}", f"'{value}'")  # as careless as such tools are
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.db_uri, "-c", sql_query]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.strip() or done.stderr.strip()
