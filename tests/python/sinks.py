"""Every place of CrewAI where a tool's answer ends up, as text, for one run of a crew."""

from __future__ import annotations

from crewai.events.event_bus import crewai_event_bus
from crewai.memory import unified_memory

from crews import crew_of, model_of

SINKS = ["events", "cache", "verbose", "messages", "crew_output", "task_output", "memory", "agent"]


def sinks_of(tool, turn, mode, capfd, monkeypatch, tmp_path):
    """Runs a crew whose model takes this turn and answers with what it was told; gives each sink as text."""
    events: list[str] = []
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
    crew = crew_of(turn, "finished", tools=[tool], native=mode, verbose=True, cache=True, memory=memory)
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


def squeezed(text: str) -> str:
    """Without the line breaks and frames that a verbose panel may put inside a value."""
    return "".join(character for character in text if character.isalnum() or character in ".@_")
