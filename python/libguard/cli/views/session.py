"""Sessions as lines: when, what was decided, the command, and what came of it."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from libguard.cli.text import shortened, visible
from libguard.cli.views.terminal import line, table, verdict_text

COMMAND_CHARS_SHOWN = 60


def show_sessions(sessions: list[dict[str, Any]]) -> None:
    if not sessions:
        line("no session has been recorded")
        return
    counts = ("actions", "completed", "refused", "pending", "failed", "in_doubt")
    rows = [
        [
            each["session"],
            when(each["started"], with_date=True),
            each["account"],
            each["user"],
            shortened(each["purpose"], 40),
            *(str(each[name]) for name in counts),
        ]
        for each in sessions
    ]
    table(["session", "started (UTC)", "account", "user", "purpose", *counts], rows, right=range(5, 11))


def show_session(records: list[dict[str, Any]]) -> None:
    for record in records:
        line(event_line(record) if record.get("type") == "event" else action_line(record))


def action_line(record: dict[str, Any]) -> Text:
    what = record.get("what") or {}
    command = shortened(what.get("command", "") or what.get("tool", ""), COMMAND_CHARS_SHOWN)
    word = verdict_word(record)
    style = verdict_text(word).style
    return (
        Text(f"{when(record.get('at', ''))}  ", style="dim")
        + Text(f"{word:<9}", style=style)
        + Text(f"{command:<{COMMAND_CHARS_SHOWN}}  ")
        + Text("   ".join(part for part in _came_of_it(record) if part))
    )


def event_line(record: dict[str, Any]) -> Text:
    """What is no action: a session that was opened or refused, a vote."""
    body = record.get("body")
    if not isinstance(body, dict):
        body = {}
    told = [str(body[name]) for name in ("account", "voter", "op", "ticket", "code") if body.get(name)]
    if "verified" in body:
        told.append("verified" if body["verified"] else "asserted by the process")
    text = f"{when(record.get('at', ''))}  {record.get('event', ''):<9}{', '.join(told)}"
    return Text(visible(text), style="dim")


def verdict_word(record: dict[str, Any]) -> str:
    """What a reader wants to know first; what was allowed and then broke is not called allowed."""
    state = (record.get("outcome") or {}).get("state", "in_doubt")
    words = {"completed": "allow", "refused": "refuse", "pending": "pending", "failed": "failed"}
    return words.get(state, "in_doubt")


def when(at: str, *, with_date: bool = False) -> str:
    """2026-11-24T10:14:02.113456Z as 10:14:02.113."""
    if len(at) < 23:
        return visible(at)
    return visible(f"{at[:10]} {at[11:19]}" if with_date else at[11:23])


def _came_of_it(record: dict[str, Any]) -> list[str]:
    outcome = record.get("outcome") or {}
    decision = record.get("decision") or {}
    state = outcome.get("state", "")
    parts = []
    if state == "completed":
        parts += [_rows(outcome), _masked(outcome), _approved(record)]
        parts.append(f"{outcome.get('total_us', 0) / 1000:.1f} ms")
    elif state == "pending":
        parts.append((record.get("approval") or {}).get("ticket", ""))
    elif state:
        policies = ", ".join(decision.get("policies", ()))
        parts += [policies if outcome.get("code") == "policy.denied" and policies else outcome.get("code", "")]
        parts += [f"risk {decision['risk']}" if decision.get("risk") else ""]
        parts.append((record.get("approval") or {}).get("ticket", ""))
    else:
        parts.append("an intent without an outcome: it may or may not have happened")
    return [visible(part) for part in parts]


def _rows(outcome: dict[str, Any]) -> str:
    affected, rows = outcome.get("affected", 0), outcome.get("rows", 0)
    count = rows if rows or affected < 0 else affected
    return f"{count} row{'' if count == 1 else 's'}"


def _masked(outcome: dict[str, Any]) -> str:
    return ", ".join(
        f"{each['class']} masked ({each['operator']}) x{each['count']}" for each in outcome.get("masked", ())
    )


def _approved(record: dict[str, Any]) -> str:
    approval = record.get("approval") or {}
    if not approval.get("ticket"):
        return ""
    return f"{approval['ticket']} approved by {', '.join(approval.get('approvers', ())) or 'somebody'}, executed once"
