"""An Outcome as the text that a model reads: masked rows when it completed, a refusal that teaches when it did not."""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from crewai.tools import ToolFailure

from libguard.errors import Error
from libguard.outcome import Outcome
from libguard.values import Value

# Said when the guard itself broke. Deliberately without the exception's text: it could hold data.
BROKEN = "FAILED: the guard could not carry out this call. It may or may not have run; do not repeat it in this run."


def broken(error: Error) -> ToolFailure:
    """For an Error of the guard. Its sentence is safe to show: it holds no data, credential or text of a server."""
    if error.kind in ("invalid", "configuration"):
        message = f"DENIED: {error} Nothing ran."
    else:
        message = f"FAILED: {error} It may or may not have run; do not repeat it in this run."
    return ToolFailure(message=message, details={"code": error.code})


def failure(outcome: Outcome) -> ToolFailure:
    """For every state but completed. CrewAI runs a tool that returns one exactly once, and never caches it."""
    facts = {"state": outcome.state, "code": outcome.code, "record": outcome.record, "ticket": outcome.ticket}
    return ToolFailure(message=sentence(outcome), details={name: fact for name, fact in facts.items() if fact})


def sentence(outcome: Outcome) -> str:
    """One paragraph: what was decided, by whom, whether anything ran, and what the model is to do now."""
    reason = outcome.reason.strip() or outcome.code or "no reason was given"
    if not reason.endswith((".", "!", "?")):
        reason += "."
    record = f" (record {outcome.record})" if outcome.record else ""
    if outcome.state == "refused":
        final = "" if "Final for this statement" in reason else " Final for this statement, do not rephrase it."
        # The core's sentence for a policy's verdict begins with the verdict itself; one about anything else does not.
        said = reason if reason.startswith("DENIED") else f"DENIED{_by(outcome)}: {reason}"
        return f"{said}{final}{record}"
    if outcome.state == "pending":
        told = f"NOT EXECUTED; do not call again in this run; report ticket {outcome.ticket}."
        return f"PENDING: {reason}" if told in reason else f"PENDING: {reason} {told}"
    if outcome.state == "failed":
        state = f" [{outcome.sqlstate}]" if outcome.sqlstate else ""
        return f"FAILED{state}: {reason} Nothing was changed.{record}"
    return f"IN DOUBT: {reason} It may or may not have happened; do not repeat it, report it.{record}"


def _by(outcome: Outcome) -> str:
    # The core's sentence often names the rule itself; saying it twice teaches nothing.
    named = [policy for policy in outcome.deciding if policy not in outcome.reason]
    return f" by {', '.join(named)}" if named else ""


def rows_text(outcome: Outcome) -> str:
    """Compact JSON: columns once, then rows as lists, then what the model must know about them."""
    if not outcome.columns:
        # A reason with a completed action: it was done, but its answer is withheld.
        withheld = {"note": outcome.reason} if outcome.reason else {}
        return json.dumps({"affected": outcome.affected} | withheld)
    told: dict[str, Any] = {
        "columns": [column.name for column in outcome.columns],
        "rows": [[_plain(cell) for cell in row] for row in outcome.rows],
    }
    notes = []
    if outcome.masked_columns:
        told["masked"] = {column.name: column.data_class or column.operator for column in outcome.masked_columns}
        notes.append("Masked values are replacements; the originals are not available to you.")
    if outcome.truncated:
        notes.append(f"Only the first {len(outcome.rows)} rows are shown: a limit cut the answer.")
    if outcome.affected and not outcome.rows:
        told["affected"] = outcome.affected
    if notes:
        told["note"] = " ".join(notes)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _plain(cell: Value) -> Any:
    if isinstance(cell, Decimal):
        return str(cell)
    if isinstance(cell, bytes):
        return "base64:" + base64.b64encode(cell).decode("ascii")
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return cell
