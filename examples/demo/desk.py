"""The support crew: one agent, one tool, a scripted model. The same crew runs with either tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crewai import Agent, Crew, Task
from crewai.tools import BaseTool
from scripted import Call, ScriptedModel

from libguard import Guard
from libguard.crewai import protect

Counts = dict[str, int | None]


@dataclass(frozen=True)
class Done:
    """One call as it really went: what the agent was told, and the rows of each table before and after."""

    call: Call
    answer: str
    before: Counts
    after: Counts

    @property
    def denied(self) -> bool:
        return "DENIED" in self.answer

    @property
    def changed(self) -> list[str]:
        shown = []
        for table, count in self.before.items():
            after = self.after.get(table)
            if after != count:
                shown.append(f"{table}: {count} rows -> {'gone' if after is None else f'{after} rows'}")
        return shown


def run_crew(
    task: str, script: list[Call], tool: BaseTool, counts: Callable[[], Counts], guard: Guard | None = None
) -> list[Done]:
    """Kicks the crew off. Rows are counted between its turns, beside tool and guard."""
    seen: list[Counts] = []
    model = ScriptedModel.of(script, lambda: seen.append(counts()))
    agent = Agent(
        role="support-agent", goal="help customers", backstory="on duty", tools=[tool], llm=model, verbose=False
    )
    job = Task(name=task, description=task, expected_output="an answer", agent=agent)
    crew = Crew(name="support", agents=[agent], tasks=[job], verbose=False)
    if guard is not None:
        protect(crew, guard)
    crew.kickoff()
    if len(model.answers) != len(script):
        raise RuntimeError("the crew did not play its whole script")
    return [Done(*each) for each in zip(script, model.answers, seen, seen[1:], strict=False)]
