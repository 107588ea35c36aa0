"""GuardedSQLTool: CrewAI's NL2SQLTool with a guard in place of a database URL."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from libguard.chain import Hop
from libguard.crewai.guarded_tool import Asked, GuardedBase
from libguard.session import Session


class SQLArguments(BaseModel):
    """One SQL statement with its parameters."""

    # The model sees this schema. `sql_query` is what NL2SQLTool calls it, too.
    sql_query: str = Field(description="One SQL statement.")
    params: list[str | int | float | bool | None] | None = Field(
        default=None, description="Values for the placeholders of the statement, in order. Prefer them to literals."
    )
    explanation: str | None = Field(
        default=None, description="One sentence for the person who may have to approve this: why it is needed."
    )


class GuardedSQLTool(GuardedBase):
    """Drop-in for NL2SQLTool: `GuardedSQLTool(guard=guard, connection="shop")` where it had `db_uri=`.

    Holds no credential and no URL. Runs one statement a call, in a transaction of its own.
    """

    name: str = "run_sql"
    description: str = (
        "Runs one SQL statement against the database and returns its rows as JSON. Some statements are denied and some "
        "values are masked; a denial is final and says why."
    )
    args_schema: type[BaseModel] = SQLArguments
    connection: str = Field(description="The connection's name in guard.yaml.")

    def ask(self, session: Session, arguments: dict[str, Any], wait_s: float | None, hops: tuple[Hop, ...]) -> Asked:
        outcome = session.query(
            self.connection,
            arguments["sql_query"],
            arguments.get("params"),
            tool=self.name,
            explanation=arguments.get("explanation") or "",
            wait_s=wait_s,
            hops=hops,
        )
        return Asked(outcome)
