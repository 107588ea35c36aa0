"""Nothing unmasked reaches any of CrewAI's sinks: events, cache, verbose output, messages, outputs, memory, agents.

The same harness first runs the tool without a guard and must find the value in that sink: a net without holes.
"""

from __future__ import annotations

import pytest
from crewai.tools import BaseTool, ToolFailure
from pydantic import BaseModel

import fake_native
from libguard.crewai import guard_tool
from scripted_llm import Call
from sinks import SINKS, sinks_of, squeezed

SECRET = fake_native.SECRET_EMAIL
CALL = Call("look_up", {"name": "mia"})


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


MODES = pytest.mark.parametrize("mode", [True, False], ids=["native", "react"])


@MODES
def test_the_net_has_no_holes(mode, capfd, monkeypatch, tmp_path):
    found = sinks_of(Look(), CALL, mode, capfd, monkeypatch, tmp_path)
    assert [name for name in SINKS if squeezed(SECRET) not in squeezed(found[name])] == []


@MODES
@pytest.mark.parametrize("kind", [*RESULTS, "raise"])
def test_no_sink_holds_an_unmasked_value(guard, session, mode, kind, capfd, monkeypatch, tmp_path):
    inner = Raise() if kind == "raise" else Look(kind=kind)
    found = sinks_of(guard_tool(inner, guard), CALL, mode, capfd, monkeypatch, tmp_path)
    assert [name for name in SINKS if squeezed(SECRET) in squeezed(found[name])] == []
    if kind != "raise":
        assert fake_native.MASKED_EMAIL in found["messages"]
