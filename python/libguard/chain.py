"""The delegation chain as this process saw it: crew > agent > task > tool. Asserted, so it can only ever narrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

HOP_NAME_CHARS_MAX = 200  # a task description may be a page long; a hop is a name to recognise it by
HOPS_MAX = 16  # as the core's own limit: five delegations deep; deeper than that is a loop

KINDS = frozenset({"crew", "agent", "task", "tool"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One link. `kind` is crew, agent, task or tool; the user is part of the session and never asserted here."""

    kind: str
    name: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError("a hop is a crew, an agent, a task or a tool")
        object.__setattr__(self, "name", " ".join(self.name.split())[:HOP_NAME_CHARS_MAX])


_hops: ContextVar[tuple[Hop, ...]] = ContextVar("libguard_hops", default=())


def current_hops() -> tuple[Hop, ...]:
    """The hops of this context, outermost first."""
    return _hops.get()


@contextmanager
def hop(kind: str, name: str) -> Iterator[None]:
    """Adds one hop to every request that is made inside."""
    before = _hops.get()
    _hops.set((*before, Hop(kind, name)))
    try:
        yield
    finally:
        _hops.set(before)
