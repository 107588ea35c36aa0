"""Tools that ask the guard first. What reaches the model, CrewAI's events, cache and memory is already masked."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final, get_type_hints

from crewai.hooks.dispatch import HookAborted
from crewai.tools import BaseTool, ToolFailure
from crewai.tools.base_tool import Tool
from crewai.tools.structured_tool import CrewStructuredTool
from crewai.types.callback import SerializableCallable
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, create_model, field_validator
from pydantic_core import to_jsonable_python

from libguard.chain import Hop, current_hops
from libguard.crewai.answers import BROKEN, broken, failure
from libguard.crewai.errors import RunPendingApproval
from libguard.crewai.frames import AsksTheGuard, Frame, current_frame, hops_of
from libguard.crewai.hooks import ensure_hooks, hooks_missing
from libguard.errors import Error, make_error
from libguard.guard import Guard
from libguard.outcome import Outcome
from libguard.session import Session, current_session
from libguard.tools import as_text

OnPending = Literal["return", "wait", "abort"]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which agent of a crew a tool belongs to, fixed by `protect`. `account` None: the agent is not in the map."""

    role: str
    account: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The guard's answer, its masked text, and whether the tool ran and reported a failure of its own."""

    outcome: Outcome
    text: str
    declared_failure: bool = False


def never_cache(_arguments: Any = None, _result: Any = None) -> bool:
    """CrewAI's cache answers in the guard's place, so nothing of a guarded tool may enter it."""
    return False


class GuardedBase(AsksTheGuard, BaseTool):
    """What all guarded tools share. `_run` is final: it asks, and it never raises, for CrewAI would run it again."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    guard: Guard = Field(exclude=True, repr=False)
    on_pending: OnPending = Field(
        default="return",
        description="An approval is needed: return at once, wait for it up to wait_s, or abort the run.",
    )
    wait_s: float | None = Field(default=None, description="For on_pending wait; absent: as configured.")
    cache_function: SerializableCallable = Field(default=never_cache)
    _binding: Binding | None = PrivateAttr(default=None)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for method in ("_run", "_arun", "run", "arun", "_answered", "_session", "to_structured_tool"):
            # By what a call would find, so that a mixin in front of the guarded class is seen as well.
            if getattr(cls, method) is not getattr(GuardedBase, method):
                raise TypeError(f"{cls.__name__} overrides {method}, which would go around the guard; write `perform`")

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        ensure_hooks()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "cache_function" and value is not never_cache:
            raise AttributeError("the answers of a guarded tool are never cached")
        super().__setattr__(name, value)

    @field_validator("cache_function", mode="before")
    @classmethod
    def _never_cached(cls, _value: Any) -> Any:
        return never_cache

    @property
    def bound_role(self) -> str:
        # As it was at `protect`: an input that is later written into the role must not choose the account.
        return self._binding.role if self._binding is not None else ""

    def bound_to(self, binding: Binding) -> GuardedBase:
        """A copy of this tool for one agent."""
        copy = self.model_copy()
        copy._binding = binding
        return copy

    def ask(self, session: Session, arguments: dict[str, Any], wait_s: float | None, hops: tuple[Hop, ...]) -> Asked:
        """Puts the call to the guard."""
        raise NotImplementedError

    @final
    def _run(self, *args: Any, **kwargs: Any) -> Any:
        frame = current_frame()
        if frame is not None:
            frame.executed = True
        try:
            return self._answered(frame, self._arguments(args, kwargs))
        except HookAborted as abort:
            return _stopped(frame, abort)
        except Error as error:
            return broken(error)
        except Exception:
            return ToolFailure(message=BROKEN, details={"code": "crewai.internal"})

    @final
    async def _arun(self, *args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(self._run, *args, **kwargs)

    def _answered(self, frame: Frame | None, arguments: dict[str, Any]) -> str | ToolFailure:
        if hooks_missing(self.guard):
            raise make_error("invalid", "crewai.hooks_removed", "the guard's hooks were removed from CrewAI.")
        session = self._session(frame)
        wait_s = self.wait_s if self.on_pending == "wait" else 0
        asked = self.ask(session, arguments, wait_s, (*current_hops(), *hops_of(frame)))
        if asked.outcome.pending and self.on_pending == "abort":
            return _stopped(frame, RunPendingApproval(asked.outcome), failure(asked.outcome))
        if not asked.outcome.completed:
            return failure(asked.outcome)
        if asked.declared_failure:
            return ToolFailure(message=asked.text, details={"record": asked.outcome.record})
        return asked.text

    def _session(self, frame: Frame | None) -> Session:
        session = current_session(self.guard)
        if self._binding is None:
            return session
        if self._binding.account is None:
            sentence = f'the agent "{self._binding.role}" has no account in the map given to protect.'
            raise make_error("invalid", "crewai.unlisted_agent", sentence)
        if frame is None or not isinstance(frame.guarded, GuardedBase) or frame.guarded._binding != self._binding:
            raise make_error("invalid", "crewai.missing_hop", "it is not known which agent makes this call.")
        return session.as_account(self._binding.account)

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = list(self.args_schema.model_fields)
        if len(args) > len(names):
            raise make_error("invalid", "crewai.arguments", "the tool was called with more arguments than it takes.")
        return dict(zip(names, args, strict=False)) | kwargs


def _stopped(frame: Frame | None, abort: HookAborted, told: ToolFailure | None = None) -> ToolFailure:
    """Tells the POST hook to end the run. The failure is what the model would read if there is no hook to do so."""
    if frame is not None:
        frame.stop(abort)
    return told or ToolFailure(message=str(abort.reason))


class GuardedTool(GuardedBase):
    """Base class for tools of your own: write `perform` where a BaseTool has `_run`.

    class SendMail(GuardedTool):
        name: str = "send_mail"
        description: str = "Sends one e-mail."
        def perform(self, to: str, text: str) -> str: ...
    """

    def perform(self, **arguments: Any) -> Any:
        """The tool itself. Called only when policy allows it; its answer is masked before anyone sees it."""
        raise NotImplementedError(f"{type(self).__name__} has no perform method")

    @field_validator("args_schema", mode="before")
    @classmethod
    def _default_args_schema(cls, given: Any) -> Any:
        if given is None or given is cls._ArgsSchemaPlaceholder:
            return _schema_of(cls.perform, cls.__name__)
        return super()._default_args_schema(given)

    def ask(self, session: Session, arguments: dict[str, Any], wait_s: float | None, hops: tuple[Hop, ...]) -> Asked:
        call = _Call(self)
        outcome = session.run_tool(self.name, to_jsonable_python(arguments), call, wait_s=wait_s, hops=hops)
        if call.abort is not None:
            raise call.abort
        return Asked(outcome, outcome.result, call.declared_failure)


class _Call:
    """One execution of `perform`: keeps a failure or an abort inside it over the way through the core."""

    def __init__(self, tool: GuardedTool) -> None:
        self._tool = tool
        self.declared_failure = False
        self.abort: HookAborted | None = None

    def __call__(self, decided: dict[str, Any]) -> str:
        try:
            result = _finished(self._tool.perform(**_typed(self._tool.args_schema, decided)))
        except HookAborted as abort:
            self.abort = abort
            raise
        if isinstance(result, ToolFailure):
            self.declared_failure = True
            return result.as_agent_message()
        return as_text(result)


def _finished(result: Any) -> Any:
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def _typed(schema: type[BaseModel] | None, decided: dict[str, Any]) -> dict[str, Any]:
    """The decided arguments in the types that the tool expects: what runs is what was shown, not what came before."""
    if schema is None or not schema.model_fields:
        return decided
    return schema.model_validate(decided).model_dump()


def _schema_of(function: Callable[..., Any], name: str) -> type[BaseModel]:
    try:
        hints = get_type_hints(function)
    except Exception:  # an annotation that names something not importable here says nothing about the argument
        hints = {}
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints.get(parameter.name, Any), default)
    return create_model(f"{name}Schema", **fields)


class WrappedTool(GuardedTool):
    """An existing tool inside a guarded one. Made by `guard_tool`; the original itself is left as it was."""

    _inner: Any = PrivateAttr(default=None)

    def perform(self, **arguments: Any) -> Any:
        # `func` for @tool and structured tools, `_run` for subclasses: usage limits and schemas are this tool's own.
        inner = self._inner
        run = inner.func if callable(getattr(inner, "func", None)) else inner._run
        return run(**arguments)


def guard_tool(
    inner: BaseTool | CrewStructuredTool,
    guard: Guard,
    *,
    on_pending: OnPending = "return",
    wait_s: float | None = None,
) -> GuardedBase:
    """Wraps a BaseTool subclass, a @tool function or a structured tool. One that this guard guards is given back."""
    if isinstance(inner, GuardedBase):
        if inner.guard is not guard:
            raise make_error("invalid", "crewai.two_guards", f"the tool {inner.name} belongs to another guard")
        return inner
    schema = inner.args_schema
    if schema is None:
        schema = _schema_of(inner.func if isinstance(inner, CrewStructuredTool) else inner._run, "Wrapped")
    wrapped = WrappedTool(
        guard=guard,
        on_pending=on_pending,
        wait_s=wait_s,
        name=inner.name,
        description=inner.description,
        args_schema=schema,
        result_as_answer=inner.result_as_answer,
        max_usage_count=inner.max_usage_count,
        tool_failure_policy=inner.tool_failure_policy,
    )
    wrapped._inner = inner
    return wrapped


def guarded_tool(
    guard: Guard,
    *,
    name: str = "",
    on_pending: OnPending = "return",
    wait_s: float | None = None,
    result_as_answer: bool = False,
    max_usage_count: int | None = None,
) -> Callable[[Callable[..., Any]], GuardedBase]:
    """As CrewAI's @tool, guarded: `@guarded_tool(guard)` over a function with a docstring and annotations."""

    def decorate(function: Callable[..., Any]) -> GuardedBase:
        description = inspect.getdoc(function)
        if not description:
            raise TypeError(f"{function.__name__} needs a docstring: it tells the model what the tool does")
        inner = Tool(
            name=name or function.__name__,
            description=description,
            func=function,
            args_schema=_schema_of(function, function.__name__.title()),
            result_as_answer=result_as_answer,
            max_usage_count=max_usage_count,
        )
        return guard_tool(inner, guard, on_pending=on_pending, wait_s=wait_s)

    return decorate
