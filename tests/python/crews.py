"""Small crews for the tests."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Crew, Task

from scripted_llm import ScriptedLLM, Step


def agent_of(role: str, script: tuple[Step, ...], tools: list[Any], native: bool, **more: Any) -> Agent:
    return Agent(
        role=role, goal="help", backstory="a test", tools=tools, llm=ScriptedLLM.of(*script, native=native), **more
    )


def crew_of(*script: Step, tools: list[Any], native: bool = True, role: str = "support", **more: Any) -> Crew:
    """One agent, one task."""
    agent = agent_of(role, script, tools, native)
    task = Task(name="answer", description="Answer the customer.", expected_output="an answer", agent=agent)
    return Crew(name="desk", agents=[agent], tasks=[task], **more)


def model_of(crew: Crew, index: int = 0) -> ScriptedLLM:
    return crew.agents[index].llm
