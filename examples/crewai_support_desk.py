"""A CrewAI support desk behind the guard, offline: a scripted model stands in for a real one.

Run it: python examples/crewai_support_desk.py      (needs the extra: pip install 'libguard[crewai]')
"""

import json
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("CREWAI_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OTEL_SDK_DISABLED", "true")

from crewai import Agent, BaseLLM, Crew, Task

from libguard import Guard
from libguard.crewai import GuardedSQLTool, guarded_tool, install, protect
from libguard.keys import write_issuer_key

CONFIG = """
version: 1
identity:
  providers:
    local: { kind: local, key: issuer.ed25519 }
  accounts:
    support-crew: { match: { provider: local, subject: support-crew }, groups: [support], local: true }
connections:
  shop: { driver: sqlite, path: shop.db, tags: [prod] }
data:
  pii.email: { columns: [shop/main.customers.email], show: label }
  detect: { text: default }
policies: ["libguard:baseline", "support.cedar"]
approvals: { store: approvals.db }
audit: { directory: audit }
"""

POLICY = """
@id("support-connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"],
                                resource in Tag::"prod");
@id("support-reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");
@id("support-uses-notes") permit (principal in Group::"support", action == Action::"use", resource == Tool::"add_note");
"""


class Script(BaseLLM):
    """A model that plays its script: tool calls, then an answer."""

    steps: list[Any]

    def call(self, messages: Any, tools: Any = None, **_: Any) -> Any:
        step = self.steps.pop(0) if self.steps else "done"
        if isinstance(step, str):
            return step
        name, arguments = step
        function = {"name": name, "arguments": json.dumps(arguments)}
        return [{"id": "call_1", "type": "function", "function": function}]

    def supports_function_calling(self) -> bool:
        return True


def set_up(folder: Path) -> Path:
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT)")
        shop.execute("INSERT INTO customers VALUES (7, 'Mia', 'mia@example.com')")
    shop.close()
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "support.cedar").write_text(POLICY)
    (folder / "guard.yaml").write_text(CONFIG)
    return folder / "guard.yaml"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Guard.open(set_up(Path(folder))) as guard:
        # Was: NL2SQLTool(db_uri="postgresql://admin:secret@...")
        sql = GuardedSQLTool(guard=guard, connection="shop")

        @guarded_tool(guard)
        def add_note(text: str) -> str:
            """Adds a note to the ticket."""
            return f"noted: {text}"

        model = Script(
            model="scripted",
            steps=[
                ("run_sql", {"sql_query": "SELECT name, email FROM customers WHERE id = ?", "params": [7]}),
                ("run_sql", {"sql_query": "DROP TABLE customers"}),
                ("add_note", {"text": "call mia@example.com back"}),
                "Mia has been looked up.",
            ],
        )
        agent = Agent(role="support", goal="help", backstory="on duty", tools=[sql, add_note], llm=model)
        task = Task(name="look up", description="Who is customer 7?", expected_output="a name", agent=agent)

        # Every tool of every agent behind the guard, and nothing else may run.
        crew = protect(Crew(name="desk", agents=[agent], tasks=[task]), guard)
        install(guard, unguarded="deny")
        with guard.session(account="support-crew", user="mia@example.com", purpose="ticket 4711"):
            output = crew.kickoff()

        for turn in agent.last_messages:
            if turn["role"] == "tool":
                print(f"{turn['name']}: {turn['content']}")
        print(output.raw)


if __name__ == "__main__":
    main()
