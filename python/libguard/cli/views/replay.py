"""A session played back in the terminal, at the pace at which it happened."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from rich.text import Text

from libguard.cli.text import visible
from libguard.cli.views.rows import cell_text
from libguard.cli.views.session import event_line, verdict_word, when
from libguard.cli.views.terminal import line, pairs, risk_text, table, verdict_text

PAUSE_S_MAX = 5.0  # nobody wants to watch a model think for a minute
ROWS_REPLAYED_MAX = 10


def replay_session(records: list[dict[str, Any]], pace: float) -> None:
    before = ""
    for record in records:
        at = str(record.get("at", ""))
        if pace > 0:
            time.sleep(_pause_s(before, at) / pace)
        before = at or before
        if record.get("type") == "event":
            line(event_line(record))
        else:
            _play(record)


def _pause_s(before: str, at: str) -> float:
    try:
        seconds = (datetime.fromisoformat(at) - datetime.fromisoformat(before)).total_seconds()
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), PAUSE_S_MAX)


def _play(record: dict[str, Any]) -> None:
    what, who = record.get("what") or {}, record.get("who") or {}
    outcome, decision = record.get("outcome") or {}, record.get("decision") or {}
    chain = " > ".join(str(hop.get("name", "")) for hop in who.get("chain") or who.get("hops") or ())
    line(
        Text(f"{when(str(record.get('at', '')))}  ", style="dim")
        + Text(visible(f"{who.get('account', '?')}"), style="bold")
        + Text(visible(f"  {chain}"), style="dim")
    )
    line(Text("  > ", style="dim") + Text(visible(str(what.get("command", ""))), style="bold"))
    rows: list[tuple[str, str | Text]] = []
    if what.get("params"):
        rows.append(("  with", ", ".join(cell_text(value) for value in what["params"])))
    approvers = ", ".join((record.get("approval") or {}).get("approvers", ()))
    permits = f"permitted by {', '.join(decision.get('policies', ()))}"
    reason = outcome.get("reason") or (f"approved by {approvers}" if approvers else decision.get("reason", permits))
    rows.append(("  " + "verdict", verdict_text(verdict_word(record)) + Text(visible(f"  {reason}" if reason else ""))))
    if decision.get("risk"):
        rows.append(("  risk", risk_text(decision["risk"], decision.get("risk_parts", ()))))
    pairs(rows)
    _response(outcome.get("response"))
    line("")


def _response(response: Any) -> None:
    if isinstance(response, str) and response:
        line(f"  {cell_text(response)}")
    if not isinstance(response, dict) or not isinstance(response.get("rows"), list):
        return
    rows = response["rows"]
    table(
        [str(name) for name in response.get("columns", ())],
        [[cell_text(cell) for cell in row] for row in rows[:ROWS_REPLAYED_MAX]],
    )
    if len(rows) > ROWS_REPLAYED_MAX:
        line(f"  ... {len(rows)} rows in all", "dim")
