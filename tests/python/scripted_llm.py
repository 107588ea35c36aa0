"""An offline model: plays its script in native tool calls or in ReAct text, and remembers what it was told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from crewai import BaseLLM
from pydantic import PrivateAttr


@dataclass(frozen=True)
class Call:
    """One turn of the model: it calls a tool."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Calls:
    """One turn of the model: several calls at once. Native mode only; ReAct knows one call a turn."""

    calls: tuple[Call, ...]


Step = Call | Calls | str


class ScriptedLLM(BaseLLM):
    """Plays `script`; a plain string is a final answer, and after the end of the script everything is `done`."""

    native: bool = True
    _script: list[Step] = PrivateAttr(default_factory=list)
    _seen: list[str] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, *script: Step, native: bool = True) -> ScriptedLLM:
        llm = cls(model="scripted", provider="scripted", native=native)
        llm._script = list(script)
        return llm

    @property
    def seen(self) -> str:
        """Everything this model was ever sent."""
        return "\n".join(self._seen)

    def call(self, messages, tools=None, callbacks=None, available_functions=None, **_: Any) -> Any:
        self._seen.append(messages if isinstance(messages, str) else json.dumps(messages, default=str))
        step = self._script.pop(0) if self._script else "done"
        if isinstance(step, str):
            return step if self.native else f"Thought: I know the answer\nFinal Answer: {step}"
        calls = step.calls if isinstance(step, Calls) else (step,)
        if not self.native:
            return f"Thought: I use a tool\nAction: {calls[0].tool}\nAction Input: {json.dumps(calls[0].arguments)}"
        return [
            {
                "id": f"call_{index}",
                "type": "function",
                "function": {"name": c.tool, "arguments": json.dumps(c.arguments)},
            }
            for index, c in enumerate(calls)
        ]

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def supports_function_calling(self) -> bool:
        return self.native

    def supports_stop_words(self) -> bool:
        return False

    def get_context_window_size(self) -> int:
        return 100_000
