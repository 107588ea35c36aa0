"""What was used of budgets, as a table."""

from __future__ import annotations

from typing import Any

from libguard.cli.views.terminal import complain, line, table

MEASURES = ("calls", "rows", "bytes", "writes", "spend")


def show_budgets(lines: list[dict[str, Any]]) -> None:
    if not lines:
        line("nothing is counted: no policy reads a counter that outlives a session, or nobody has asked for anything")
        return
    rows = [[each["budget"], each["name"], *(f"{each[measure]:,}" for measure in MEASURES)] for each in lines]
    table(["budget", "whose", *MEASURES], rows, right=(2, 3, 4, 5, 6))


def show_reset(answer: dict[str, Any]) -> None:
    if answer["accepted"]:
        whose = answer["name"] or "everybody"
        line(f"set back: {whose}, {answer.get('counters', 0)} counters, by {answer['by']}")
    else:
        complain(answer["reason"])
