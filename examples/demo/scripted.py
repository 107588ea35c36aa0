"""An offline model: it plays a script of tool calls, and tells a listener before each of its turns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crewai import BaseLLM
from pydantic import PrivateAttr


@dataclass(frozen=True)
class Call:
    """One call of the SQL tool. `title` is for the viewer: what the agent is up to."""

    title: str
    sql: str
    params: tuple[str | int, ...] = ()
    explanation: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        told: dict[str, Any] = {"sql_query": self.sql}
        if self.params:
            told["params"] = list(self.params)
        if self.explanation:
            told["explanation"] = self.explanation
        return told


class ScriptedModel(BaseLLM):
    """Calls its tool as the script says, then answers. `answers` is what the tool said to each call, in order."""

    _script: list[Call] = PrivateAttr(default_factory=list)
    _played: int = PrivateAttr(default=0)
    _answers: list[str] = PrivateAttr(default_factory=list)
    _listeners: list[Callable[[], None]] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, script: list[Call], on_turn: Callable[[], None]) -> ScriptedModel:
        model = cls(model="scripted", provider="scripted")
        model._script = script
        model._listeners = [on_turn]
        return model

    @property
    def answers(self) -> list[str]:
        return self._answers

    def call(self, messages: Any, tools: Any = None, **_: Any) -> Any:
        for listener in self._listeners:
            listener()
        if self._played > len(self._answers):
            self._answers.append(_last_answer(messages))
        if self._played == len(self._script):
            return "Done."
        step = self._script[self._played]
        self._played += 1
        function = {"name": "run_sql", "arguments": json.dumps(step.arguments)}
        return [{"id": f"call_{self._played}", "type": "function", "function": function}]

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def supports_function_calling(self) -> bool:
        return True

    def supports_stop_words(self) -> bool:
        return False

    def get_context_window_size(self) -> int:
        return 100_000


def _last_answer(messages: Any) -> str:
    told = [message for message in messages if isinstance(message, dict) and message.get("role") == "tool"]
    return str(told[-1].get("content", "")) if told else ""
