"""CrewAI's tool hooks, used for three things only: identity (frames), coverage (unguarded tools) and abort.

A hook's exception is swallowed by CrewAI and the tool runs, unless it is a HookAborted. So everything here ends in a
verdict or in a HookAborted, never in another exception.
"""

from __future__ import annotations

import json
import threading
import weakref
from dataclasses import dataclass
from typing import Any, Literal, get_args

from crewai.hooks.dispatch import HookAborted
from crewai.hooks.tool_hooks import (
    ToolCallHookContext,
    get_after_tool_call_hooks,
    get_before_tool_call_hooks,
    register_after_tool_call_hook,
    register_before_tool_call_hook,
    unregister_after_tool_call_hook,
    unregister_before_tool_call_hook,
)
from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool

from libguard.crewai.errors import SOURCE, GuardBypassed
from libguard.crewai.frames import AsksTheGuard, Frame, current_frame, hops_of, pop, push
from libguard.errors import Error, make_error
from libguard.guard import Guard
from libguard.session import current_session

Unguarded = Literal["allow", "audit", "deny"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one `install` asked for."""

    unguarded: Unguarded
    allow: frozenset[str]


_lock = threading.Lock()
_coverage: weakref.WeakKeyDictionary[Guard, Coverage] = weakref.WeakKeyDictionary()


def install(guard: Guard, unguarded: Unguarded = "allow", *, allow: tuple[str, ...] = ()) -> None:
    """Watches every tool call of every crew of this process. `unguarded` says what happens to tools without a guard:

    allow  they run, unseen by the guard
    audit  they run after the use was recorded in the current session; without a session or a record they do not
    deny   they are blocked, except those named in `allow`

    Delegation tools only run other agents, whose tools come by here themselves, so they always pass. Calling this again
    for the same guard replaces the earlier answer.
    """
    if unguarded not in get_args(Unguarded):
        raise make_error("invalid", "crewai.unguarded", 'unguarded is one of "allow", "audit" and "deny"')
    with _lock:
        _coverage[guard] = Coverage(unguarded, frozenset(allow))
    ensure_hooks()


def uninstall(guard: Guard) -> None:
    """Takes back `install` for this guard, and the hooks with the last one."""
    with _lock:
        _coverage.pop(guard, None)
        last = not _coverage
    if last:
        unregister_before_tool_call_hook(before_tool_call)
        unregister_after_tool_call_hook(after_tool_call)


def ensure_hooks() -> None:
    """Registers both hooks, once however often it is called and also after somebody cleared them."""
    with _lock:
        if before_tool_call not in get_before_tool_call_hooks():
            register_before_tool_call_hook(before_tool_call)
        if after_tool_call not in get_after_tool_call_hooks():
            register_after_tool_call_hook(after_tool_call)


def hooks_missing(guard: Guard) -> bool:
    """True when this guard was told to watch all tools and its hooks have been removed since."""
    with _lock:
        coverage = _coverage.get(guard)
    if coverage is None or coverage.unguarded == "allow":
        return False
    return before_tool_call not in get_before_tool_call_hooks() or after_tool_call not in get_after_tool_call_hooks()


def before_tool_call(context: ToolCallHookContext) -> None:
    """PRE: pushes the frame of this call and blocks a tool that coverage does not let through."""
    frame = Frame(current_frame(), context.tool_input, str(context.tool_name))
    push(frame)
    try:
        _fill(frame, context)
        if frame.guarded is None:
            frame.denied = _why_not(context, frame)
        elif _in_cache(context):
            frame.stop(_bypassed(context))
    except Exception:
        frame.denied = "the guard's hook failed, so the call was not let through."
    if frame.denied or frame.abort is not None:
        raise HookAborted(frame.denied or str(frame.abort), source=SOURCE)


def after_tool_call(context: ToolCallHookContext) -> str | None:
    """POST: pops the frame; raises what must end the run; replaces CrewAI's words for a blocked call by the reason."""
    frame = pop(context.tool_input)
    if frame is not None and frame.abort is not None:
        raise frame.abort
    if frame is not None and frame.denied:
        return f"DENIED by coverage: {frame.denied} Final for this tool, do not call it again."
    ran = frame is not None and frame.executed
    if not ran and _guarded_in(context) is not None and _in_cache(context):
        raise _bypassed(context)
    return None


def _fill(frame: Frame, context: ToolCallHookContext) -> None:
    frame.guarded = _guarded_in(context)
    bound = frame.guarded.bound_role if frame.guarded is not None else ""
    frame.agent = bound or _first_text(context.agent, "role")
    frame.crew = _first_text(context.crew, "name")
    frame.task = _first_text(context.task, "name", "description")


def _first_text(thing: object, *names: str) -> str:
    return next((str(text) for text in (getattr(thing, name, None) for name in names) if text), "")


def _guarded_in(context: ToolCallHookContext) -> AsksTheGuard | None:
    tool = _original(context.tool)
    return tool if isinstance(tool, AsksTheGuard) else None


def _original(tool: Any) -> Any:
    return getattr(tool, "_original_tool", None) or tool


def _why_not(context: ToolCallHookContext, frame: Frame) -> str:
    """Empty when every installed guard lets this unguarded tool run."""
    if isinstance(_original(context.tool), BaseAgentTool):
        return ""
    with _lock:
        installed = list(_coverage.items())
    for guard, coverage in installed:
        if coverage.unguarded == "deny" and frame.tool not in coverage.allow:
            return f"the tool {frame.tool} is not guarded, and unguarded tools are not allowed here."
        if coverage.unguarded == "audit" and not _recorded(guard, frame):
            return f"the use of the unguarded tool {frame.tool} could not be recorded."
    return ""


def _recorded(guard: Guard, frame: Frame) -> bool:
    """Leaves a record that an unguarded tool is about to be used. Policy's verdict on it is recorded and not obeyed."""
    try:
        session = current_session(guard)
        outcome = session.run_tool(f"unguarded/{frame.tool}", {}, lambda _: "", wait_s=0, hops=hops_of(frame))
    except Error:
        return False
    return bool(outcome.record) and outcome.stage != "record"


def _bypassed(context: ToolCallHookContext) -> GuardBypassed:
    return GuardBypassed(context.tool_name, "CrewAI's cache holds an answer of another tool with the same name")


def _in_cache(context: ToolCallHookContext) -> bool:
    """True when CrewAI's cache has an answer for this call, which it would give in the guard's place.

    Asked before the call, so that the answer gets nowhere, and after it, for what another hook may have changed. Other
    answers without an execution (a usage limit, arguments that do not fit, a repeated call) are CrewAI's own words.
    """
    try:
        cache = getattr(getattr(context.agent, "tools_handler", None), "cache", None)
        if cache is None:
            cache = getattr(context.crew, "_cache_handler", None)
        if cache is None:
            return False
        arguments = json.dumps(context.tool_input) if context.tool_input else ""
        return cache.read(tool=context.tool_name, input=arguments) is not None
    except Exception:
        return True
