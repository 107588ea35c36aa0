"""GuardedSQLTool: CrewAI's NL2SQLTool with a guard in place of a database URL."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from libguard.chain import Hop
from libguard.crewai.answers import rows_text
from libguard.crewai.guarded_tool import Asked, GuardedBase
from libguard.session import Session

SCHEMA_CHARS_MAX = 8_000  # of a schema told to the model: every one is paid for in each turn


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

    Holds no credential and no URL. Runs one statement a call, in a transaction of its own. With `tell_schema=True` the
    description lists tables and columns of the connection, whether or not an agent may read them.
    """

    name: str = "run_sql"
    description: str = (
        "Runs one SQL statement against the database and returns its rows as JSON. Some statements are denied and some "
        "values are masked; a denial is final and says why."
    )
    args_schema: type[BaseModel] = SQLArguments
    connection: str = Field(description="The connection's name in guard.yaml.")
    tell_schema: bool = Field(default=False, description="Names tables and columns in the description.")

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        if self.tell_schema:
            self.description = f"{self.description}\nTables: {self._schema()}"

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
        return Asked(outcome, rows_text(outcome))

    def _schema(self) -> str:
        relations = [each for each in self.guard.catalogue(self.connection)["relations"] if not each.get("system")]
        listed = "; ".join(_told(each) for each in relations)
        return listed if len(listed) <= SCHEMA_CHARS_MAX else listed[:SCHEMA_CHARS_MAX] + " ... and more"


def _told(relation: dict[str, Any]) -> str:
    columns = ", ".join(f"{column['name']} {column.get('type', '')}".strip() for column in relation["columns"])
    return f"{relation['schema']}.{relation['name']}({columns})"
