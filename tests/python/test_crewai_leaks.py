"""Nothing unmasked reaches any of CrewAI's sinks: events, cache, verbose output, messages, outputs, memory, agents.

The same harness first runs the tool without a guard and must find the value in that sink: a net without holes.
"""

from __future__ import annotations

import pytest
from crewai.events.event_bus import crewai_event_bus
from crewai.tools import BaseTool, ToolFailure
from pydantic import BaseModel

import fake_native
from crews import crew_of, model_of
from libguard.crewai import guard_tool
from scripted_llm import Call

SECRET = fake_native.SECRET_EMAIL


class Customer(BaseModel):
    mail: str


RESULTS = {
    "text": lambda: f"mia is {SECRET}",
    "dict": lambda: {"rows": [{"mail": SECRET}]},
    "model": lambda: Customer(mail=SECRET),
    "failure": lambda: ToolFailure(message=f"not found: {SECRET}", details={"mail": SECRET}),
}


class Look(BaseTool):
    name: str = "look_up"
    description: str = "Looks a customer up."
    kind: str = "text"

    def _run(self, name: str) -> object:
        return RESULTS[self.kind]()


class Raise(Look):
    def _run(self, name: str) -> object:
        raise ValueError(f"row {SECRET} is broken")


def sinks_of(tool, mode, capfd, monkeypatch, tmp_path):
    """Runs a crew that calls the tool once and answers with what it was told; gives each sink as text."""
    events: list[str] = []
    from crewai.memory import unified_memory

    kept: list[str] = []
    monkeypatch.setattr(unified_memory.Memory, "remember_many", lambda self, contents, **_: kept.extend(contents) or [])
    monkeypatch.setattr(unified_memory.Memory, "remember", lambda self, content, **_: kept.append(content))
    monkeypatch.setattr(unified_memory.Memory, "extract_memories", lambda self, content: [content])
    monkeypatch.setattr(unified_memory.Memory, "recall", lambda self, *_, **__: [])
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path))
    memory = unified_memory.Memory(embedder=lambda texts: [[0.0] * 8 for _ in texts], storage=str(tmp_path / "memory"))
    emit = type(crewai_event_bus).emit

    def record(self, source, event, *args, **kwargs):
        events.append(event.model_dump_json(fallback=str) + repr(event))
        return emit(self, source, event, *args, **kwargs)

    monkeypatch.setattr(type(crewai_event_bus), "emit", record)
    crew = crew_of(
        Call("look_up", {"name": "mia"}), "finished", tools=[tool], native=mode, verbose=True, cache=True, memory=memory
    )
    agent = crew.agents[0]
    agent.verbose = True
    model = model_of(crew)
    plain = type(model).call

    def answer_with_all_it_saw(self, messages, *args, **kwargs):
        answer = plain(self, messages, *args, **kwargs)
        if isinstance(answer, str) and "finished" in answer:
            return answer.replace("finished", f"finished {messages[-1]['content']} {messages[-2].get('content')}")
        return answer

    monkeypatch.setattr(type(model), "call", answer_with_all_it_saw)
    output = crew.kickoff()
    crewai_event_bus.flush()
    shown = capfd.readouterr()
    return {
        "events": "\n".join(events),
        "cache": repr(crew._cache_handler._cache) + repr(getattr(agent.cache_handler, "_cache", "")),
        "verbose": shown.out + shown.err,
        "messages": model.seen,
        "crew_output": output.model_dump_json() + repr(output),
        "task_output": "".join(each.model_dump_json() + repr(each) for each in output.tasks_output),
        "memory": repr(kept),
        "agent": repr(agent.tools_results) + repr(agent.last_messages) + repr(agent.last_tool_failures),
    }


SINKS = ["events", "cache", "verbose", "messages", "crew_output", "task_output", "memory", "agent"]
MODES = pytest.mark.parametrize("mode", [True, False], ids=["native", "react"])


def squeezed(text: str) -> str:
    """Without the line breaks and frames that a verbose panel may put inside a value."""
    return "".join(character for character in text if character.isalnum() or character in ".@_")


@MODES
def test_the_net_has_no_holes(mode, capfd, monkeypatch, tmp_path):
    found = sinks_of(Look(), mode, capfd, monkeypatch, tmp_path)
    assert [name for name in SINKS if squeezed(SECRET) not in squeezed(found[name])] == []


@MODES
@pytest.mark.parametrize("kind", [*RESULTS, "raise"])
def test_no_sink_holds_an_unmasked_value(guard, session, mode, kind, capfd, monkeypatch, tmp_path):
    inner = Raise() if kind == "raise" else Look(kind=kind)
    found = sinks_of(guard_tool(inner, guard), mode, capfd, monkeypatch, tmp_path)
    assert [name for name in SINKS if squeezed(SECRET) in squeezed(found[name])] == []
    if kind != "raise":
        assert fake_native.MASKED_EMAIL in found["messages"]
