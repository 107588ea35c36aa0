"""install and protect: coverage, cache hits around the guard, accounts for each agent, and hooks that were removed."""

from __future__ import annotations

import json

import pytest
from crewai import Crew, Process, Task
from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.tool_usage_events import ToolUsageFinishedEvent
from crewai.hooks import clear_all_tool_call_hooks, register_before_tool_call_hook
from crewai.tools import BaseTool, tool
from crewai.tools.agent_tools.agent_tools import AgentTools

import fake_native
from crews import agent_of, crew_of, model_of
from libguard import Error, Guard
from libguard.crewai import GuardBypassed, GuardedSQLTool, guard_tool, install, protect, uninstall
from libguard.crewai.frames import current_frame
from scripted_llm import Call

MODES = pytest.mark.parametrize("mode", [True, False], ids=["native", "react"])


def sql(text: str) -> Call:
    return Call("run_sql", {"sql_query": text})


@pytest.fixture(autouse=True)
def clean_hooks(guard):
    clear_all_tool_call_hooks()
    yield
    uninstall(guard)
    clear_all_tool_call_hooks()
    assert current_frame() is None


@pytest.fixture
def ran():
    return []


@pytest.fixture
def plain(ran):
    @tool("look_up")
    def look_up(name: str) -> str:
        """Looks a customer up."""
        ran.append(name)
        return fake_native.SECRET_EMAIL

    return look_up


LOOK = Call("look_up", {"name": "mia"})

# ---- coverage


@MODES
def test_unguarded_tools_may_run(native, guard, session, plain, ran, mode):
    install(guard)
    crew_of(LOOK, "finished", tools=[plain], native=mode).kickoff()
    assert ran == ["mia"]
    assert native.requests == []


@MODES
def test_unguarded_tools_are_denied(guard, session, plain, ran, mode):
    install(guard, unguarded="deny")
    crew = crew_of(LOOK, "finished", tools=[plain], native=mode)
    assert crew.kickoff().raw == "finished"
    assert ran == []
    assert "DENIED by coverage: the tool look_up is not guarded" in model_of(crew).seen


@MODES
def test_named_exceptions_and_guarded_tools_pass(guard, session, plain, ran, mode):
    install(guard, unguarded="deny", allow=("look_up",))
    crew_of(LOOK, "finished", tools=[plain], native=mode).kickoff()
    assert ran == ["mia"]
    install(guard, unguarded="deny")
    crew_of(LOOK, "finished", tools=[guard_tool(plain, guard)], native=mode).kickoff()
    assert ran == ["mia", "mia"]


@MODES
def test_the_use_of_unguarded_tools_is_recorded(native, guard, session, plain, ran, mode):
    install(guard, unguarded="audit")
    crew_of(LOOK, "finished", tools=[plain], native=mode).kickoff()
    assert ran == ["mia"]
    (request,) = native.requests
    assert (request["tool"], request["arguments"]) == ("unguarded/look_up", "{}")
    assert [hop["kind"] for hop in request["hops"]] == ["crew", "agent", "task", "tool"]


@MODES
def test_what_cannot_be_recorded_does_not_run(guard, plain, ran, mode):
    install(guard, unguarded="audit")
    crew = crew_of(LOOK, "finished", tools=[plain], native=mode)
    crew.kickoff()
    assert ran == []
    assert "could not be recorded" in model_of(crew).seen


def test_delegation_is_not_stopped_by_deny(native, guard, session):
    install(guard, unguarded="deny")
    ask = Call("delegate_work_to_coworker", {"task": "t", "context": "c", "coworker": "clerk"})
    boss = agent_of("boss", (ask, "finished"), [], True, allow_delegation=True)
    clerk = agent_of("clerk", (sql("SELECT 1"), "found"), [GuardedSQLTool(guard=guard, connection="shop")], True)
    task = Task(description="Ask.", expected_output="x", agent=boss)
    Crew(agents=[boss, clerk], tasks=[task]).kickoff()
    assert len(native.ran) == 1


def test_a_tool_that_only_looks_guarded_is_not(guard, session, ran):
    class Sly(BaseTool):
        name: str = "look_up"
        description: str = "x"
        guard: object = None
        on_pending: str = "return"

        def _run(self, name: str) -> str:
            ran.append(name)
            return "x"

    install(guard, unguarded="deny")
    crew_of(LOOK, "finished", tools=[Sly(guard=guard)]).kickoff()
    assert ran == []


def test_an_unknown_answer_to_unguarded_is_an_error(guard):
    with pytest.raises(Error) as wrong:
        install(guard, unguarded="sometimes")
    assert wrong.value.code == "crewai.unguarded"


@MODES
def test_hooks_that_were_removed_stop_guarded_tools_too(native, guard, session, mode):
    install(guard, unguarded="deny")
    crew = crew_of(sql("SELECT 1"), "finished", tools=[GuardedSQLTool(guard=guard, connection="shop")], native=mode)
    clear_all_tool_call_hooks()
    crew.kickoff()
    assert native.requests == []
    assert "the guard's hooks were removed" in model_of(crew).seen


@MODES
def test_another_hook_that_blocks_leaves_no_frame_behind(native, guard, session, mode):
    crew = crew_of(sql("SELECT 1"), "finished", tools=[GuardedSQLTool(guard=guard, connection="shop")], native=mode)
    register_before_tool_call_hook(lambda context: False)
    assert crew.kickoff().raw == "finished"
    assert native.requests == []
    assert current_frame() is None


@MODES
def test_a_hook_of_ours_that_fails_blocks(guard, session, plain, ran, mode, monkeypatch):
    from libguard.crewai import hooks

    install(guard)
    monkeypatch.setattr(hooks, "_fill", lambda *_: 1 / 0)
    crew = crew_of(LOOK, "finished", tools=[plain], native=mode)
    assert crew.kickoff().raw == "finished"
    assert ran == []


def test_a_call_that_another_hook_blocked_first_pops_nobody_elses_frame(native, guard, session):
    blocked = []

    def block_inner(context):
        inner = context.agent.role == "clerk" and "delegate" in context.tool_name
        blocked.append(inner)
        return not inner

    register_before_tool_call_hook(block_inner)
    install(guard)
    ask = Call("delegate_work_to_coworker", {"task": "t", "context": "c", "coworker": "clerk"})
    back = Call("delegate_work_to_coworker", {"task": "t", "context": "c", "coworker": "boss"})
    boss = agent_of("boss", (ask, "finished"), [], True, allow_delegation=True)
    tools = [GuardedSQLTool(guard=guard, connection="shop"), *AgentTools(agents=[boss]).tools()]
    clerk = agent_of("clerk", (back, sql("SELECT 1"), "found"), tools, True)
    task = Task(name="ask", description="Ask.", expected_output="x", agent=boss)
    Crew(agents=[boss, clerk], tasks=[task]).kickoff()
    assert True in blocked
    names = [each["name"] for each in native.ran[0]["hops"]]
    assert names == ["crew", "boss", "ask", "delegate_work_to_coworker", "clerk", "t", "run_sql"]


# ---- cache hits around the guard


@MODES
def test_a_cache_hit_around_the_guard_ends_the_run(native, guard, session, plain, mode):
    guarded = guard_tool(plain, guard)
    crew = crew_of(LOOK, "finished", tools=[guarded], native=mode, cache=True)
    crew._cache_handler.add(tool="look_up", input=json.dumps(LOOK.arguments), output=fake_native.SECRET_EMAIL)
    events = []
    with crewai_event_bus.scoped_handlers():
        crewai_event_bus.on(ToolUsageFinishedEvent)(lambda source, event: events.append(repr(event)))
        with pytest.raises(GuardBypassed):
            crew.kickoff()
        crewai_event_bus.flush()
    assert fake_native.SECRET_EMAIL not in "".join(events)
    assert native.requests == []


@MODES
def test_a_cache_hit_behind_the_first_look_is_caught_afterwards(native, guard, session, plain, mode, monkeypatch):
    guarded = guard_tool(plain, guard)
    crew = crew_of(LOOK, "finished", tools=[guarded], native=mode, cache=True)

    def fill(context):
        crew._cache_handler.add(tool="look_up", input=json.dumps(LOOK.arguments), output=fake_native.SECRET_EMAIL)

    register_before_tool_call_hook(fill)
    with pytest.raises(GuardBypassed):
        crew.kickoff()
    assert fake_native.SECRET_EMAIL not in model_of(crew).seen


@MODES
def test_what_a_guarded_tool_said_is_never_a_cache_hit(native, guard, session, plain, ran, mode):
    guarded = guard_tool(plain, guard)
    crew = crew_of(LOOK, Call("look_up", {"name": "tom"}), LOOK, "finished", tools=[guarded], native=mode, cache=True)
    crew.kickoff()
    assert ran == ["mia", "tom", "mia"]
    assert crew._cache_handler._cache == {}


@MODES
def test_words_of_crewai_itself_are_not_taken_for_a_cache_hit(native, guard, session, plain, ran, mode):
    guarded = guard_tool(plain, guard)
    crew = crew_of(
        LOOK, LOOK, LOOK, Call("look_up", {"wrong": 1}), "finished", tools=[guarded], native=mode, cache=True
    )
    assert crew.kickoff().raw == "finished"
    assert ran[0] == "mia"


# ---- protect


def two_agents(guard, mode=True, roles=("support", "refunds"), tools=None):
    tools = tools or [GuardedSQLTool(guard=guard, connection="shop")]
    agents = [agent_of(role, (sql("SELECT 1"), "finished"), tools, mode) for role in roles]
    tasks = [
        Task(name=f"task of {role}", description="x", expected_output="x", agent=a)
        for role, a in zip(roles, agents, strict=True)
    ]
    return Crew(name="desk", agents=agents, tasks=tasks)


@MODES
def test_protect_wraps_agents_and_tasks(native, guard, session, plain, ran, mode):
    @tool("task_tool")
    def task_tool(name: str) -> str:
        """Another one."""
        return fake_native.SECRET_EMAIL

    agent = agent_of("support", (LOOK, Call("task_tool", {"name": "x"}), "finished"), [plain], mode)
    task = Task(description="x", expected_output="x", agent=agent, tools=[plain, task_tool])
    crew = protect(Crew(agents=[agent], tasks=[task]), guard)
    assert agent.tools[0] is task.tools[0]
    crew.kickoff()
    assert [request["tool"] for request in native.ran] == ["look_up", "task_tool"]
    assert fake_native.SECRET_EMAIL not in model_of(crew).seen
    assert protect(crew, guard).agents[0].tools == agent.tools


@MODES
def test_each_agent_has_its_own_account(native, guard, session, mode):
    crew = protect(two_agents(guard, mode), guard, accounts={"support": "reader", "refunds": "refund-bot"})
    crew.kickoff()
    assert [request["account"] for request in native.ran] == ["reader", "refund-bot"]
    assert [request["hops"][1]["name"] for request in native.ran] == ["support", "refunds"]


@MODES
def test_an_input_in_a_role_does_not_choose_the_account(native, guard, session, mode):
    roles = ("support of {who}", "refunds")
    crew = protect(two_agents(guard, mode, roles), guard, accounts={roles[0]: "reader", "refunds": "refund-bot"})
    crew.kickoff(inputs={"who": "refunds"})
    assert [request["account"] for request in native.ran] == ["reader", "refund-bot"]
    assert native.ran[0]["hops"][1]["name"] == "support of {who}"


def test_a_copied_crew_keeps_its_accounts(native, guard, session):
    crew = protect(two_agents(guard), guard, accounts={"support": "reader", "refunds": "refund-bot"})
    crew.kickoff_for_each(inputs=[{"a": "1"}, {"a": "2"}])
    assert {request["account"] for request in native.requests} <= {"reader", "refund-bot"}
    assert native.ran


@MODES
def test_an_unlisted_agent_is_denied(native, guard, session, mode):
    crew = protect(two_agents(guard, mode), guard, accounts={"support": "reader"})
    crew.kickoff()
    assert [request["account"] for request in native.ran] == ["reader"]
    assert "has no account in the map given to protect" in model_of(crew, 1).seen


@MODES
def test_a_missing_hop_is_denied(native, guard, session, mode):
    crew = protect(two_agents(guard, mode), guard, accounts={"support": "reader", "refunds": "refund-bot"})
    clear_all_tool_call_hooks()
    crew.kickoff()
    assert native.ran == []
    assert "it is not known which agent makes this call" in model_of(crew).seen
    assert "not known which agent" in crew.agents[0].tools[0].run(sql_query="SELECT 1").message


def test_an_account_that_is_not_local_is_denied_and_never_replaced(native, guard, session):
    crew = protect(two_agents(guard), guard, accounts={"support": "nobody", "refunds": "refund-bot"})
    crew.kickoff()
    assert [request["account"] for request in native.ran] == ["refund-bot"]


def test_equal_roles_and_unknown_roles_are_refused_at_once(guard):
    crew = two_agents(guard, roles=("a", "a"))
    before = list(crew.agents[0].tools)
    with pytest.raises(Error) as doubled:
        protect(crew, guard, accounts={"a": "reader"})
    assert doubled.value.code == "crewai.duplicate_role"
    with pytest.raises(Error) as unknown:
        protect(two_agents(guard), guard, accounts={"support": "reader", "refund": "x"})
    assert unknown.value.code == "crewai.unknown_role"
    assert crew.agents[0].tools == before


def test_a_tool_of_another_guard_leaves_the_crew_as_it_was(guard, plain):
    other = GuardedSQLTool(guard=Guard(fake_native.Guard()), connection="shop")
    crew = two_agents(guard, tools=[plain, other])
    with pytest.raises(Error) as mixed:
        protect(crew, guard)
    assert mixed.value.code == "crewai.two_guards"
    assert crew.agents[0].tools[0] is plain


@MODES
def test_a_hierarchical_crew(native, guard, session, mode):
    clerk = agent_of("clerk", (sql("SELECT 1"), "found"), [GuardedSQLTool(guard=guard, connection="shop")], mode)
    ask = Call("delegate_work_to_coworker", {"task": "t", "context": "c", "coworker": "clerk"})
    manager = agent_of("manager", (ask, "finished"), [], mode, allow_delegation=True)
    task = Task(description="Ask.", expected_output="x")
    crew = Crew(agents=[clerk], tasks=[task], process=Process.hierarchical, manager_agent=manager)
    protect(crew, guard, accounts={"clerk": "reader"}).kickoff()
    assert [request["account"] for request in native.ran] == ["reader"]
