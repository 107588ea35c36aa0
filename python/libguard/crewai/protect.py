"""protect: every tool of a crew behind the guard, and, if wanted, each agent under an account of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crewai import Crew
from crewai.tools import BaseTool
from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool

from libguard.crewai.guarded_tool import Binding, GuardedBase, OnPending, guard_tool
from libguard.crewai.hooks import ensure_hooks
from libguard.errors import make_error
from libguard.guard import Guard


def protect(
    crew: Crew,
    guard: Guard,
    accounts: Mapping[str, str] | None = None,
    *,
    on_pending: OnPending = "return",
    wait_s: float | None = None,
) -> Crew:
    """Wraps every tool of every agent and task and gives the crew back.

    `accounts` maps an agent's role, as written and before inputs are interpolated, to a local account of guard.yaml.
    With a map, two agents with one role are an Error here, and an agent that the map does not list, or a call of
    which the agent is not known, is denied at run time: nothing falls back to the session's account.

    Tools that CrewAI adds later (MCP, apps, memory) are not wrapped: `install(guard, unguarded="deny")` stops those.
    """
    agents = _agents_of(crew)
    if accounts is not None:
        _check_roles([agent.role for agent in agents], accounts)
    wrapper = _Wrapper(guard, accounts, on_pending, wait_s)
    wrapped = {id(agent): wrapper.all_of(agent.tools, agent.role) for agent in agents}
    wrapped_tasks = [wrapper.all_of(task.tools, task.agent.role if task.agent else "") for task in crew.tasks]
    # Only now, when nothing can be refused any more, is the crew changed: it is protected whole or not at all.
    for agent in agents:
        agent.tools = wrapped[id(agent)]
    for task, tools in zip(crew.tasks, wrapped_tasks, strict=True):
        task.tools = tools
    ensure_hooks()
    return crew


class _Wrapper:
    """Wraps each (tool, role) once, so that a tool which an agent and its task share stays one tool."""

    def __init__(
        self, guard: Guard, accounts: Mapping[str, str] | None, on_pending: OnPending, wait_s: float | None
    ) -> None:
        self._guard = guard
        self._accounts = accounts
        self._on_pending = on_pending
        self._wait_s = wait_s
        # The original is kept beside its wrapper: an id is only unique as long as its object lives.
        self._made: dict[tuple[int, str], tuple[BaseTool, BaseTool]] = {}

    def all_of(self, tools: Iterable[BaseTool] | None, role: str) -> list[BaseTool]:
        return [self._one(tool, role) for tool in tools or ()]

    def _one(self, tool: BaseTool, role: str) -> BaseTool:
        if isinstance(tool, BaseAgentTool):
            return tool  # delegation runs another agent, whose own tools are guarded
        made = self._made.get((id(tool), role))
        if made is None:
            made = self._made[(id(tool), role)] = (tool, self._guarded(tool, role))
        return made[1]

    def _guarded(self, tool: BaseTool, role: str) -> GuardedBase:
        guarded = guard_tool(tool, self._guard, on_pending=self._on_pending, wait_s=self._wait_s)
        if self._accounts is None:
            return guarded
        return guarded.bound_to(Binding(role or "(no agent)", self._accounts.get(role)))


def _agents_of(crew: Crew) -> list[Any]:
    found: dict[int, Any] = {}
    for agent in (*crew.agents, crew.manager_agent, *(task.agent for task in crew.tasks)):
        if agent is not None:
            found.setdefault(id(agent), agent)
    return list(found.values())


def _check_roles(roles: list[str], accounts: Mapping[str, str]) -> None:
    doubled = sorted({role for role in roles if roles.count(role) > 1})
    if doubled:
        sentence = f'two agents have the role "{doubled[0]}"; with accounts= each needs a role of its own'
        raise make_error("configuration", "crewai.duplicate_role", sentence)
    unknown = sorted(set(accounts) - set(roles))
    if unknown:
        sentence = f'accounts= names "{unknown[0]}", but no agent of this crew has that role'
        raise make_error("configuration", "crewai.unknown_role", sentence)
