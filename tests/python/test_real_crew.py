"""Real crews behind the real guard on SQLite, in both modes."""

from __future__ import annotations

import json

import pytest

from conftest import real_native
from crews import agent_of, crew_of, model_of
from real_shop import CARD, EMAIL, make_shop, refunded
from scripted_llm import Call
from sinks import SINKS, sinks_of, squeezed

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")
MODES = pytest.mark.parametrize("mode", [True, False], ids=["native", "react"])

REFUND = "UPDATE orders SET refunded_cents = ? WHERE id = ?"


def sql(text: str, *params: object) -> Call:
    return Call("run_sql", {"sql_query": text, "params": list(params)})


@pytest.fixture
def shop(tmp_path):
    from libguard import Guard

    config, key = make_shop(tmp_path)
    with Guard.open(config) as guard:
        yield guard, tmp_path, key


def log_of(folder) -> str:
    return b"".join(path.read_bytes() for path in (folder / "audit").rglob("*") if path.is_file()).decode(
        errors="replace"
    )


def sql_tool(guard, **more):
    from libguard.crewai import GuardedSQLTool

    return GuardedSQLTool(guard=guard, connection="shop", **more)


@MODES
def test_a_support_crew(shop, mode):
    guard, _, _ = shop
    crew = crew_of(
        sql("SELECT name, email FROM customers WHERE id = ?", 1),
        sql("DROP TABLE customers"),
        sql("WITH gone AS (SELECT 1) DELETE FROM customers"),
        "finished",
        tools=[sql_tool(guard, tell_schema=True)],
        native=mode,
    )
    assert "main.customers(id INTEGER" in crew.agents[0].tools[0].description
    with guard.session(account="support-crew", user="lee@example.com") as session:
        assert crew.kickoff().raw == "finished"
        seen = model_of(crew).seen
        assert seen.count("DENIED") >= 2
        assert "Mia" in seen
        assert EMAIL not in seen
        assert session.query("shop", "SELECT count(*) FROM customers").rows == ((1,),)


@MODES
@pytest.mark.parametrize("statement", ["SELECT * FROM customers", "SELECT upper(email), note FROM customers"])
def test_no_sink_holds_an_unmasked_value(shop, mode, statement, capfd, monkeypatch, tmp_path):
    guard, _, _ = shop
    with guard.session(account="support-crew"):
        found = sinks_of(sql_tool(guard), sql(statement), mode, capfd, monkeypatch, tmp_path)
    for value in (EMAIL, EMAIL.upper(), CARD):
        assert [name for name in SINKS if squeezed(value) in squeezed(found[name])] == []


@MODES
def test_a_guarded_tool(shop, mode):
    from libguard.crewai import guarded_tool

    guard, _, _ = shop

    @guarded_tool(guard)
    def look_up(name: str) -> dict[str, str]:
        """Looks a customer up."""
        return {"name": name, "mail": EMAIL, "card": CARD}

    crew = crew_of(Call("look_up", {"name": "Mia"}), "finished", tools=[look_up], native=mode)
    with guard.session(account="support-crew"):
        assert crew.kickoff().raw == "finished"
    seen = model_of(crew).seen
    assert "Mia" in seen
    assert EMAIL not in seen
    assert CARD not in seen


@MODES
def test_each_agent_under_its_own_account(shop, mode):
    from crewai import Crew, Task

    from libguard.crewai import protect

    guard, folder, _ = shop
    tool = sql_tool(guard)
    reader = agent_of("reader", (sql(REFUND, 1, 1042), "finished"), [tool], mode)
    refunds = agent_of("refunds", (sql(REFUND, 500, 1043), "finished"), [tool], mode)
    tasks = [Task(name=agent.role, description="x", expected_output="x", agent=agent) for agent in (reader, refunds)]
    crew = Crew(name="desk", agents=[reader, refunds], tasks=tasks)
    protect(crew, guard, accounts={"reader": "support-crew", "refunds": "refund-bot"})
    with guard.session(account="support-crew"):
        crew.kickoff()
    assert (refunded(folder, 1042), refunded(folder, 1043)) == (0, 500)


@MODES
def test_pending_then_approved_then_resumed(shop, mode):
    guard, folder, key = shop
    crew = crew_of(sql(REFUND, 48900, 1042), "finished", tools=[sql_tool(guard)], native=mode)
    with guard.session(account="refund-bot") as session:
        crew.kickoff()
        seen = model_of(crew).seen
        assert "NOT EXECUTED; do not call again in this run; report ticket t-" in seen
        assert refunded(folder, 1042) == 0
        (ticket,) = session._pending
        assert guard.approve(ticket, key=key)["accepted"]
        assert session.resume(ticket).completed
        assert refunded(folder, 1042) == 48900


@MODES
def test_abort_on_pending(shop, mode):
    from libguard.crewai import RunPendingApproval

    guard, folder, _ = shop
    tool = sql_tool(guard, on_pending="abort")
    crew = crew_of(sql(REFUND, 48900, 1042), sql(REFUND, 1, 1043), "finished", tools=[tool], native=mode)
    with guard.session(account="refund-bot"), pytest.raises(RunPendingApproval) as stopped:
        crew.kickoff()
    assert stopped.value.ticket.startswith("t-")
    assert refunded(folder, 1043) == 0


def test_the_record_holds_the_chain(shop):
    from libguard import _native

    guard, folder, _ = shop
    with guard.session(account="support-crew", user="lee@example.com"):
        crew_of(sql("SELECT name FROM customers"), "finished", tools=[sql_tool(guard)]).kickoff()
    guard.close()
    sessions = json.loads(_native.audit_sessions(str(folder / "audit")))
    assert sessions
    log = log_of(folder)
    for name in ("lee@example.com", "desk", "support", "answer", "run_sql"):
        assert name in log


def test_unguarded_tools_under_audit_leave_a_record(shop):
    from crewai.tools import tool

    from libguard.crewai import install, uninstall

    guard, folder, _ = shop

    @tool("plain")
    def plain(name: str) -> str:
        """Plain."""
        return name

    install(guard, unguarded="audit")
    try:
        with guard.session(account="support-crew"):
            crew = crew_of(Call("plain", {"name": "x"}), "finished", tools=[plain])
            crew.kickoff()
    finally:
        uninstall(guard)
    assert "DENIED" not in model_of(crew).seen
    guard.close()
    log = log_of(folder)
    assert "unguarded/plain" in log
