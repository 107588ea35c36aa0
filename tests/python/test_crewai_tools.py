"""Guarded tools in real crews with an offline model, in native-call and ReAct mode."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
from datetime import date

import pytest
from crewai.hooks.dispatch import HookAborted
from crewai.tools import BaseTool, ToolFailure, tool
from crewai.tools.structured_tool import CrewStructuredTool
from pydantic import BaseModel, ValidationError

import fake_native
from crews import agent_of, crew_of, model_of
from libguard import Error, Guard
from libguard.crewai import GuardedSQLTool, GuardedTool, RunPendingApproval, guard_tool, guarded_tool
from scripted_llm import Call, Calls

MODES = pytest.mark.parametrize("mode", [True, False], ids=["native", "react"])


def sql(text: str, *params: object) -> Call:
    return Call("run_sql", {"sql_query": text, "params": list(params)})


@pytest.fixture
def sql_tool(guard):
    return GuardedSQLTool(guard=guard, connection="shop")


@MODES
def test_a_crew_asks_reads_and_learns(native, session, sql_tool, mode):
    crew = crew_of(
        sql("SELECT 1", 7), sql("DROP TABLE x"), sql("UPDATE refund"), "finished", tools=[sql_tool], native=mode
    )
    output = crew.kickoff()
    assert output.raw == "finished"
    assert [request["text"] for request in native.requests] == ["SELECT 1", "DROP TABLE x", "UPDATE refund"]
    assert native.requests[0]["params"] == [7]
    seen = model_of(crew).seen
    assert "DENIED by no-ddl: DROP TABLE orders would destroy it. Final for this statement, do not rephrase it." in seen
    assert "NOT EXECUTED; do not call again in this run; report ticket t-7Q2K." in seen
    assert "Masked values are replacements" in seen


@MODES
def test_the_chain_is_crew_agent_task_tool(native, session, sql_tool, mode):
    crew_of(sql("SELECT 1"), tools=[sql_tool], native=mode).kickoff()
    chain = [(hop["kind"], hop["name"]) for hop in native.requests[0]["hops"]]
    assert chain == [("crew", "desk"), ("agent", "support"), ("task", "answer"), ("tool", "run_sql")]


@MODES
@pytest.mark.parametrize("statement", ["DROP x", "BREAK", "GARBAGE", "FAIL", "UPDATE refund"])
def test_whatever_goes_wrong_runs_once_and_never_raises(native, session, sql_tool, mode, statement):
    crew = crew_of(sql(statement), "finished", tools=[sql_tool], native=mode)
    assert crew.kickoff().raw == "finished"
    assert len(native.requests) == 1
    assert fake_native.SECRET_EMAIL not in model_of(crew).seen


@MODES
def test_without_a_session_nothing_runs(native, guard, sql_tool, mode):
    crew = crew_of(sql("SELECT 1"), "finished", tools=[sql_tool], native=mode)
    assert crew.kickoff().raw == "finished"
    assert native.requests == []
    assert "no session of this guard is open here" in model_of(crew).seen


@MODES
def test_async_kickoff(native, session, sql_tool, mode):
    crew = crew_of(sql("SELECT 1"), "finished", tools=[sql_tool], native=mode)
    assert asyncio.run(crew.kickoff_async()).raw == "finished"
    crew = crew_of(sql("SELECT 1"), "finished", tools=[sql_tool], native=mode)
    assert asyncio.run(crew.akickoff()).raw == "finished"
    assert len(native.ran) == 2
    assert all([hop["kind"] for hop in each["hops"]] == ["crew", "agent", "task", "tool"] for each in native.ran)


@MODES
def test_a_task_in_a_thread_of_its_own(native, session, sql_tool, mode):
    crew = crew_of(sql("SELECT 1"), "finished", tools=[sql_tool], native=mode)
    crew.tasks[0].async_execution = True
    assert crew.kickoff().raw == "finished"
    assert [hop["kind"] for hop in native.ran[0]["hops"]] == ["crew", "agent", "task", "tool"]


def test_parallel_calls_of_one_turn_keep_their_own_chain(native, session, sql_tool):
    turn = Calls(tuple(sql(f"SELECT {number}") for number in range(8)))
    crew_of(turn, "finished", tools=[sql_tool]).kickoff()
    assert sorted(request["text"] for request in native.ran) == [f"SELECT {number}" for number in range(8)]
    assert all(len(request["hops"]) == 4 for request in native.ran)


def test_crews_in_threads_keep_their_own_sessions(native, guard, sql_tool):
    def run(account):
        with guard.session(account=account):
            crew_of(*[sql(f"SELECT '{account}'")] * 3, "finished", tools=[sql_tool]).kickoff()

    threads = [threading.Thread(target=run, args=(f"bot-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(native.ran) == 12
    assert all(request["account"] in request["text"] for request in native.ran)


@MODES
def test_delegation_keeps_the_whole_chain(native, session, sql_tool, mode):
    from crewai import Crew, Task

    boss = agent_of(
        "boss",
        (Call("delegate_work_to_coworker", {"task": "look it up", "context": "none", "coworker": "clerk"}), "finished"),
        [],
        mode,
        allow_delegation=True,
    )
    clerk = agent_of("clerk", (sql("SELECT 1"), "found"), [sql_tool], mode)
    task = Task(name="ask", description="Ask.", expected_output="x", agent=boss)
    assert Crew(name="desk", agents=[boss, clerk], tasks=[task]).kickoff().raw == "finished"
    assert [(hop["kind"], hop["name"]) for hop in native.requests[0]["hops"]] == [
        ("crew", "desk"),
        ("agent", "boss"),
        ("task", "ask"),
        ("tool", "delegate_work_to_coworker"),
        ("agent", "clerk"),
        ("task", "look it up"),
        ("tool", "run_sql"),
    ]


@MODES
def test_on_pending_wait(native, guard, session, mode):
    waiting = GuardedSQLTool(guard=guard, connection="shop", on_pending="wait", wait_s=2)
    crew_of(sql("UPDATE refund"), "finished", tools=[waiting], native=mode).kickoff()
    assert native.requests[0]["wait_ms"] == 2000
    assert len(native.ran) == 1


@MODES
def test_on_pending_abort_ends_the_run(native, guard, session, mode):
    aborting = GuardedSQLTool(guard=guard, connection="shop", on_pending="abort")
    crew = crew_of(sql("UPDATE refund"), sql("SELECT 1"), "finished", tools=[aborting], native=mode)
    with pytest.raises(RunPendingApproval) as stopped:
        crew.kickoff()
    assert stopped.value.ticket == "t-7Q2K"
    assert len(native.requests) == 1
    guard.approve("t-7Q2K", token="dana's")
    assert session.resume("t-7Q2K").completed


@MODES
def test_on_pending_abort_passes_through_delegation(native, guard, session, mode):
    from crewai import Crew, Task

    aborting = GuardedSQLTool(guard=guard, connection="shop", on_pending="abort")
    ask = Call("delegate_work_to_coworker", {"task": "refund", "context": "none", "coworker": "clerk"})
    boss = agent_of("boss", (ask, ask, "finished"), [], mode, allow_delegation=True)
    clerk = agent_of("clerk", (sql("UPDATE refund"), "found"), [aborting], mode)
    task = Task(description="Ask.", expected_output="x", agent=boss)
    with pytest.raises(RunPendingApproval):
        Crew(agents=[boss, clerk], tasks=[task]).kickoff()
    assert len(native.requests) == 1


# ---- guard_tool, guarded_tool, GuardedTool


def make_tools(guard, ran):
    """The same tool in every shape that CrewAI knows."""

    def look_up(name: str) -> str:
        """Looks a customer up."""
        ran.append(name)
        return f"{name} is {fake_native.SECRET_EMAIL}"

    class LookUp(BaseTool):
        name: str = "look_up"
        description: str = "Looks a customer up."

        def _run(self, name: str) -> str:
            return look_up(name)

    class AsyncLookUp(LookUp):
        async def _run(self, name: str) -> str:
            return look_up(name)

    class Own(GuardedTool):
        name: str = "look_up"
        description: str = "Looks a customer up."

        def perform(self, name: str) -> str:
            return look_up(name)

    return {
        "function": guard_tool(tool("look_up")(look_up), guard),
        "subclass": guard_tool(LookUp(), guard),
        "async": guard_tool(AsyncLookUp(), guard),
        "structured": guard_tool(CrewStructuredTool.from_function(look_up), guard),
        "decorated": guarded_tool(guard, name="look_up")(look_up),
        "own": Own(guard=guard),
    }


@MODES
@pytest.mark.parametrize("shape", ["function", "subclass", "async", "structured", "decorated", "own"])
def test_every_shape_of_tool_is_guarded(native, guard, session, mode, shape):
    ran = []
    guarded = make_tools(guard, ran)[shape]
    script = (Call("look_up", {"name": "mia"}), Call("look_up", {"name": "tom"}), "finished")
    crew = crew_of(*script, tools=[guarded], native=mode)
    assert crew.kickoff().raw == "finished"
    assert ran == ["mia", "tom"]
    assert json.loads(native.requests[0]["arguments"]) == {"name": "mia"}
    assert "mia is [EMAIL]" in model_of(crew).seen
    native.refused_tools.add("look_up")
    crew = crew_of(*script, tools=[guarded], native=mode)
    crew.kickoff()
    assert ran == ["mia", "tom"]
    assert "DENIED by no-tool: this tool is not for you." in model_of(crew).seen


@pytest.mark.parametrize("shape", ["function", "subclass", "async", "structured", "decorated", "own"])
def test_every_door_of_a_tool_is_guarded(native, guard, session, shape):
    ran = []
    guarded = make_tools(guard, ran)[shape]
    native.refused_tools.add("look_up")
    answers = [
        guarded.run(name="mia"),
        guarded.run("mia"),
        guarded._run(name="mia"),
        asyncio.run(guarded.arun(name="mia")),
        guarded.to_structured_tool().invoke({"name": "mia"}),
        asyncio.run(guarded.to_structured_tool().ainvoke({"name": "mia"})),
    ]
    assert ran == []
    # CrewStructuredTool.ainvoke uses a thread without this context: no session there, so it is denied as well.
    assert all(isinstance(answer, ToolFailure) and answer.message.startswith("DENIED") for answer in answers)


def test_what_was_decided_is_what_runs(native, guard, session):
    ran = []

    @guarded_tool(guard)
    def plan(day: date, note: str = "none") -> str:
        """Plans a day."""
        ran.append((day, note))
        return "ok"

    assert plan.run(day="2026-01-02") == "ok"
    assert ran == [(date(2026, 1, 2), "none")]
    assert json.loads(native.requests[0]["arguments"]) == {"day": "2026-01-02", "note": "none"}


@MODES
def test_a_tool_that_raises_runs_once_and_shows_nothing(native, guard, session, mode):
    ran = []

    @guarded_tool(guard)
    def explode(name: str) -> str:
        """Explodes."""
        ran.append(name)
        raise ValueError(f"near {fake_native.SECRET_EMAIL}")

    crew = crew_of(Call("explode", {"name": "x"}), "finished", tools=[explode], native=mode)
    assert crew.kickoff().raw == "finished"
    assert ran == ["x"]
    assert fake_native.SECRET_EMAIL not in model_of(crew).seen
    assert "FAILED: the tool raised an exception." in model_of(crew).seen


def test_a_declared_failure_stays_one_and_is_masked(guard, session):
    @guarded_tool(guard)
    def decline(name: str) -> ToolFailure:
        """Declines."""
        return ToolFailure(message=f"no {fake_native.SECRET_EMAIL}")

    answer = decline.run(name="x")
    assert isinstance(answer, ToolFailure)
    assert answer.message == "no [EMAIL]"


def test_an_abort_inside_a_tool_survives(guard, session):
    @guarded_tool(guard)
    def stop(name: str) -> str:
        """Stops."""
        raise HookAborted("stop here")

    crew = crew_of(Call("stop", {"name": "x"}), "finished", tools=[stop])
    with pytest.raises(HookAborted, match="stop here"):
        crew.kickoff()


@pytest.mark.parametrize("method", ["_run", "_arun", "run", "arun", "_answered", "_session", "to_structured_tool"])
def test_a_subclass_cannot_go_around(method):
    around = {method: lambda self: None, "__module__": "libguard.crewai.sly"}
    with pytest.raises(TypeError, match="go around the guard"):
        type("Sly", (GuardedTool,), around)
    with pytest.raises(TypeError, match="go around the guard"):
        type("SlyMixin", (type("Mixin", (), around), GuardedSQLTool), {})


def test_guard_tool_twice_is_once(guard, sql_tool):
    wrapped = guard_tool(sql_tool, guard)
    assert wrapped is sql_tool
    with pytest.raises(Error) as mixed:
        guard_tool(sql_tool, Guard(fake_native.Guard()))
    assert mixed.value.code == "crewai.two_guards"


def test_nothing_of_a_guarded_tool_is_cached(guard, sql_tool):
    for each in (sql_tool, *make_tools(guard, []).values()):
        assert each.cache_function({}, "x") is False
        assert each.to_structured_tool().cache_function({}, "x") is False
        with pytest.raises(AttributeError):
            each.cache_function = lambda *_: True
    with_own = GuardedSQLTool(guard=guard, connection="shop", cache_function=lambda *_: True)
    assert with_own.cache_function({}, "x") is False


def test_a_tool_shows_no_guard(sql_tool):
    shown = repr(sql_tool) + sql_tool.model_dump_json() + json.dumps(sql_tool.model_dump(mode="json"))
    assert "guard=" not in shown
    assert '"guard"' not in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(sql_tool)


def test_a_tool_cannot_be_restored_without_a_guard(sql_tool):
    with pytest.raises(ValidationError):
        GuardedSQLTool.model_validate(json.loads(sql_tool.model_dump_json()))


def test_results_that_are_not_text_are_masked_as_json(guard, session):
    class Customer(BaseModel):
        mail: str

    for result in (
        {"mail": fake_native.SECRET_EMAIL},
        [fake_native.SECRET_EMAIL],
        Customer(mail=fake_native.SECRET_EMAIL),
    ):

        @guarded_tool(guard)
        def give(name: str, result=result) -> object:
            """Gives."""
            return result

        assert "[EMAIL]" in give.run(name="x")


def test_an_empty_answer_stays_empty(guard, session):
    @guarded_tool(guard)
    def nothing(name: str) -> str:
        """Nothing."""
        return ""

    assert nothing.run(name="x") == ""


def test_usage_limits_still_hold(native, guard, session):
    @guarded_tool(guard, max_usage_count=1)
    def once(name: str) -> str:
        """Once."""
        return "ok"

    assert once.run(name="x") == "ok"
    assert isinstance(once.run(name="x"), ToolFailure)
    assert len(native.requests) == 1


def test_the_schema_is_told_only_on_demand(guard, sql_tool):
    telling = GuardedSQLTool(guard=guard, connection="shop", tell_schema=True)
    assert telling.description.endswith("Tables: main.customers(id integer, email text)")
    assert "customers" not in sql_tool.description
