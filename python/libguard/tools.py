"""Guarding any Python function as a tool; the CrewAI adapter builds on the same helpers."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from libguard.session import current_session

if TYPE_CHECKING:
    from libguard.guard import Guard

Function = TypeVar("Function", bound=Callable[..., object])


def as_text(result: object) -> str:
    """A tool's answer as the text that is masked: JSON for structures, so that detectors see their leaves."""
    if isinstance(result, str):
        return result
    if result is None:
        return ""
    dump = getattr(result, "model_dump_json", None)
    if callable(dump):
        return str(dump())
    if isinstance(result, (dict, list, tuple, bool, int, float)):
        return json.dumps(result, default=str, ensure_ascii=False)
    return str(result)


def guarded(guard: Guard, *, name: str = "") -> Callable[[Function], Callable[..., str]]:
    """Decorator: the function runs only if policy allows `use` of the tool, and its answer leaves masked, as text.

        @guarded(guard)
        def send_mail(to: str, body: str) -> str: ...

    Arguments must be plain JSON. Raises Refused, Pending, Failed or InDoubt when it did not complete.
    """

    def decorate(function: Function) -> Callable[..., str]:
        tool = name or function.__name__
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> str:
            bound = signature.bind(*args, **kwargs)
            arguments = _named(bound)
            outcome = current_session(guard).run_tool(
                tool, arguments, lambda decided: as_text(_call(function, signature, decided))
            )
            return outcome.or_raise().result

        return call

    return decorate


def _named(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Arguments by name, `*args` and `**kwargs` under their own names, so that policy and approver see every one."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in bound.arguments.items()}


def _call(function: Callable[..., object], signature: inspect.Signature, decided: dict[str, Any]) -> object:
    bound = signature.bind_partial()
    for name, parameter in signature.parameters.items():
        if name in decided:
            many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
            bound.arguments[name] = tuple(decided[name]) if many else decided[name]
    return function(*bound.args, **bound.kwargs)
