"""The page of `libguard query`: rows, or why there are none."""

from __future__ import annotations

import json
from typing import Any

from rich.text import Text

from libguard.cli.text import shortened, visible
from libguard.cli.views.terminal import line, pairs, table, verdict_text

CELL_CHARS_MAX = 200
ROWS_SHOWN_MAX = 200  # of an answer for a person; --json has them all


def show_outcome(outcome: dict[str, Any]) -> None:
    if outcome["state"] != "completed":
        _show_stop(outcome)
        return
    columns, rows = outcome["columns"], outcome["rows"]
    if columns:
        table(
            [column["name"] for column in columns], [[cell_text(cell) for cell in row] for row in rows[:ROWS_SHOWN_MAX]]
        )
    line(_summary(outcome), "dim")


def cell_text(cell: Any) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, str):
        return shortened(cell, CELL_CHARS_MAX)
    if isinstance(cell, dict) and len(cell) == 1:
        return shortened(str(next(iter(cell.values()))), CELL_CHARS_MAX)
    return shortened(json.dumps(cell), CELL_CHARS_MAX)


def masked_words(columns: list[dict[str, Any]]) -> str:
    return ", ".join(f"{each['name']} masked ({each['operator'] or 'redact'})" for each in columns if each["masked"])


def _summary(outcome: dict[str, Any]) -> str:
    count = len(outcome["rows"])
    parts = [f"{count} row{'' if count == 1 else 's'}" if outcome["columns"] else f"{outcome['affected']} affected"]
    if count > ROWS_SHOWN_MAX:
        parts.append(f"the first {ROWS_SHOWN_MAX} shown")
    if outcome.get("truncated"):
        parts.append("cut off by a limit")
    parts += [text for text in (masked_words(outcome["columns"]),) if text]
    return ", ".join([*parts, f"record {outcome['record']}"])


def _show_stop(outcome: dict[str, Any]) -> None:
    line(verdict_text(outcome["state"]) + Text(visible(f" at {outcome['stage']}: {outcome['reason']}")))
    rows: list[tuple[str, str | Text]] = [("code", outcome["code"]), ("record", outcome["record"])]
    if outcome.get("ticket"):
        rows.append(("ticket", outcome["ticket"]))
    if outcome.get("sqlstate"):
        rows.append(("sqlstate", outcome["sqlstate"]))
    pairs(rows)
