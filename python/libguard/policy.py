"""The Cedar engine on its own: decisions without the rest of the guard.

    engine = Engine(policies, entities)
    ask = engine.prepare({"principal": {"type": "User", "id": "ada"}, "action": ..., "resource": ..., "context": {...}})
    if ask(): ...

Cedar's meaning, but that a forbid whose evaluation errs denies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from libguard import _native
from libguard.errors import make_error

__all__ = ["Answer", "Engine", "Prepared", "format_text"]


@dataclass(frozen=True)
class Answer:
    """A decision with its reasons: ids of the forbids that denied, else of the permits that allowed."""

    allowed: bool = False
    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Prepared:
    """One request whose policies have been looked up. Not for use by several threads at once."""

    __slots__ = ("_ask", "allowed")

    def __init__(self, ask: _native.PreparedRequest) -> None:
        self._ask = ask
        self.allowed = ask.allowed  # bound once: the call itself is what a decision costs

    def __call__(self) -> bool:
        return self.allowed()

    def answer(self) -> Answer:
        return Answer(*self._ask.answer())

    def set(self, name: str, value: bool | int | str) -> None:
        """Replaces one value of the context by another of the same type.

        Raises KeyError when the context has no value of this name and type.
        """
        if isinstance(value, bool):
            done = self._ask.set_flag(name, value)
        elif isinstance(value, int):
            done = self._ask.set(name, value)
        else:
            done = self._ask.set_text(name, value)
        if not done:
            raise KeyError(name)


def _text(value: str | Sequence[Mapping[str, Any]] | Mapping[str, Any] | None, empty: str) -> str:
    if value is None:
        return empty
    return value if isinstance(value, str) else json.dumps(value)


class Engine:
    """Policies, template links and entities; immutable and thread-safe.

    policies: Cedar text, or Cedar's JSON form of a policy set as a mapping.
    entities, links: JSON text or Python values.
    Raises libguard.Error of kind "configuration" with line and column for what cannot be used.
    """

    def __init__(
        self,
        policies: str | Mapping[str, Any],
        entities: str | Sequence[Mapping[str, Any]] = "[]",
        links: str | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        if isinstance(policies, str):
            self._engine = _native.PolicyEngine.from_text(policies, _text(entities, "[]"), _text(links, ""))
        elif links is not None:
            raise TypeError("a policy set in JSON form holds its own templateLinks")
        else:
            self._engine = _native.PolicyEngine.from_json(json.dumps(policies), _text(entities, "[]"))

    def __len__(self) -> int:
        return len(self._engine)

    def prepare(self, request: str | Mapping[str, Any]) -> Prepared:
        """request: `{"principal", "action", "resource", "context"?}`. Raises libguard.Error "request.malformed"."""
        return Prepared(self._engine.prepare(_text(request, "")))

    def ask(self, request: str | Mapping[str, Any]) -> Answer:
        return self.prepare(request).answer()


def format_text(policies: str, width: int = 120) -> str:
    """Cedar text laid out to be read; tokens and comments stay as they are, and so does what it means.

    Raises libguard.Error "policy.syntax", of kind "configuration", with line and column for what is not Cedar.
    """
    answer = json.loads(_native.policy_format(json.dumps({"policies": policies, "width": width})))
    if "error" not in answer:
        return str(answer["policies"])
    found = answer["error"]
    where = f"line {found['line']}, column {found['column']}: " if "line" in found else ""
    shown = f"\n{found['excerpt']}" if found.get("excerpt") else ""
    raise make_error("configuration", found["code"], f"{where}{found['message']}{shown}")
