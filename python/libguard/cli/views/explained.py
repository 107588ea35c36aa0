"""The page of `libguard explain`."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from libguard.cli.text import visible
from libguard.cli.views.terminal import pairs, risk_text, verdict_text

BOUNDS = {
    "eq": "names its rows by key",
    "weak": "has a condition, but does not name rows by key",
    "tautology": "its condition is always true",
    "none": "no WHERE",
}


def show_explained(found: dict[str, Any]) -> None:
    rows: list[tuple[str, str | Text]] = [("kinds", ", ".join(found["kinds"]) or "none")]
    rows.append(("effect", _effect(found)))
    rows.append(("understood", _understood(found)))
    rows += [(name, ", ".join(found[name])) for name in ("reads", "writes", "functions") if found[name]]
    rows += [("bounded", _bound(each)) for each in found["bounded"]]
    rows += _reveals(found["reveals"])
    rows += [("tests", f"{each['column']} by {each['how']}") for each in found["tests"]]
    if found["doubts"]:
        rows.append(("doubts", ", ".join(found["doubts"])))
    if "decision" in found:
        rows += _decision(found["decision"])
    pairs(rows)


def _effect(found: dict[str, Any]) -> str:
    notes = [found["effect"]]
    if found["statements"] != 1:
        notes.append(f"{found['statements']} statements")
    if found["destructive"]:
        notes.append("destructive")
    if found["readonly_safe"]:
        notes.append("safe to run read-only")
    return ", ".join(notes)


def _understood(found: dict[str, Any]) -> Text:
    if found["understood"]:
        return Text("yes", style="green")
    return Text(visible(f"no: {found.get('reason') or found.get('code', '')}"), style="red")


def _bound(each: dict[str, str]) -> str:
    return f"{each['action']} {each['object']}: {each['bound']}, {BOUNDS.get(each['bound'], 'unknown')}"


def _reveals(columns: list[dict[str, Any]]) -> list[tuple[str, str | Text]]:
    shown = [f"{each['column']} from {', '.join(each['sources'])}" for each in columns if each["sources"]]
    return [("reveals", text) for text in shown] or [("reveals", "no column of any table")]


def _decision(decision: dict[str, Any]) -> list[tuple[str, str | Text]]:
    word = {"deny": "refuse"}.get(decision["verdict"], decision["verdict"])
    deciding = ", ".join(decision.get("deciding", ()))
    head = verdict_text(word) + Text(visible(f": {deciding}" if deciding else ""))
    rows: list[tuple[str, str | Text]] = [("risk", risk_text(decision["risk"], decision.get("risk_parts", ())))]
    rows += [("decision", head), ("because", decision.get("reason", ""))]
    if decision.get("masked_classes"):
        rows.append(("masked", ", ".join(decision["masked_classes"])))
    if decision.get("row_limit") is not None:
        rows.append(("row limit", f"{decision['row_limit']:,}"))
    if decision.get("read_only"):
        rows.append(("read only", "runs where nothing can be written"))
    rows += [(f"round {number}", _round(each)) for number, each in enumerate(decision.get("trail", ()), 1)]
    return rows


def _round(tried: dict[str, list[str]]) -> str:
    forbade = f"forbidden by {', '.join(tried['forbids'])}"
    if not tried["remedies"]:
        return f"{forbade}; nothing lifts that"
    return f"{forbade}; asked again with {'; '.join(tried['remedies'])}"
