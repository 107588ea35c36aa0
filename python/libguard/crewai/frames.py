"""One frame for each tool call that is under way: who calls what, and whether the guard saw it.

A frame is pushed by the PRE hook and popped by the POST hook of the same call, in the same context; a delegated run
happens inside, so its frames point to the delegating one. The chain of hops is read off this list.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from crewai.hooks.dispatch import HookAborted

from libguard.chain import Hop


class AsksTheGuard:
    """Marks the tools that cannot run without asking the guard. Only `GuardedBase` bears it."""

    @property
    def bound_role(self) -> str:
        """The role of the agent that the tool was bound to by `protect`; empty when it was not."""
        return ""


@dataclass(slots=True, eq=False)
class Frame:
    """Mutable on purpose: a tool may run in a thread of its own, which shares the frame through a copied context."""

    parent: Frame | None
    arguments: object  # the very dict of this call: CrewAI shows one and the same to both hooks
    tool: str
    crew: str = ""
    agent: str = ""
    task: str = ""
    guarded: AsksTheGuard | None = None  # the guarded tool that this call is for; None: the tool is not guarded
    executed: bool = False  # the guarded tool ran, so whatever came back has been decided on and masked
    denied: str = ""  # why the PRE hook blocked the call
    abort: HookAborted | None = None  # what the POST hook must raise

    def stop(self, abort: HookAborted) -> None:
        """Ends the run. Delegation turns exceptions into text, so every frame around is told as well."""
        frame: Frame | None = self
        while frame is not None:
            frame.abort = abort
            frame = frame.parent


_frame: ContextVar[Frame | None] = ContextVar("libguard_crewai_frame", default=None)


def current_frame() -> Frame | None:
    return _frame.get()


def push(frame: Frame) -> None:
    _frame.set(frame)


def pop(arguments: object) -> Frame | None:
    """The frame of that call; inner ones whose POST hook never ran are dropped with it. None if there was no PRE."""
    frame = _frame.get()
    while frame is not None and frame.arguments is not arguments:
        frame = frame.parent
    if frame is not None:
        _frame.set(frame.parent)
    return frame


def hops_of(frame: Frame | None) -> tuple[Hop, ...]:
    """Outermost first; a hop that equals the last of its kind (the same crew around a delegation) is not repeated."""
    outward = []
    while frame is not None:
        outward.append(frame)
        frame = frame.parent
    hops: list[Hop] = []
    last: dict[str, str] = {}
    for each in reversed(outward):
        for kind, name in (("crew", each.crew), ("agent", each.agent), ("task", each.task), ("tool", each.tool)):
            if name and (kind == "tool" or last.get(kind) != name):
                hops.append(Hop(kind, name))
                last[kind] = name
    return tuple(hops)
