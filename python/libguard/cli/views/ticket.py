"""The approver's screen: the exact command, who asked, what it touches, how risky and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from libguard.cli.text import shortened, visible
from libguard.cli.views.terminal import complain, line, pairs, risk_text, table, verdict_text

COMMAND_CHARS_LISTED = 70
BOUNDS = {
    "eq": "named by key",
    "weak": "its condition does not prove how many",
    "tautology": "its condition restricts nothing",
    "none": "no WHERE",
}


def show_tickets(tickets: list[dict[str, Any]]) -> None:
    if not tickets:
        line("nothing waits for anybody")
        return
    rows = []
    for ticket in tickets:
        shown = ticket.get("shown") or {}
        asked = ", ".join(f"{stage['given']} of {stage['count']} {stage['group']}" for stage in ticket["stages"])
        command = shortened(shown.get("command") or shown.get("tool", ""), COMMAND_CHARS_LISTED)
        rows.append(
            [
                ticket["id"],
                verdict_text(ticket["state"]),
                str(shown.get("risk", "")),
                ticket["account"],
                asked,
                _left(ticket),
                command,
            ]
        )
    table(["ticket", "state", "risk", "account", "approvals", "expires in", "what"], rows, right=(2,))


def show_ticket(ticket: dict[str, Any]) -> None:
    shown = ticket.get("shown") or {}
    line(
        Text(visible(ticket["id"]), style="bold")
        + Text("   ")
        + verdict_text(ticket["state"])
        + Text(visible(f"   expires in {_left(ticket)}   risk {shown.get('risk', '?')} of 100"))
    )
    pairs(_page(ticket, shown))


def show_vote(answer: dict[str, Any]) -> None:
    if not answer["accepted"]:
        # A vote that does not count must not look like one that does.
        complain(f"not counted: {answer.get('reason') or answer.get('code')}")
        return
    who = f" by {answer['voter']}" if answer.get("voter") else ""
    line(Text(visible(f"{answer.get('ticket', '')} ")) + verdict_text(answer["state"]) + Text(visible(who)))


def _page(ticket: dict[str, Any], shown: dict[str, Any]) -> list[tuple[str, str | Text]]:
    who = shown.get("who") or {}
    rows: list[tuple[str, str | Text]] = [("who", f"{_chain(who)}   account {_account(who)}")]
    rows.append(("what", Text(_what(shown), style="bold") + Text("".join(f"     {each}" for each in _params(shown)))))
    if shown.get("purpose"):
        rows.append(("for", shown["purpose"]))
    rows += [("touches", _touch(each)) for each in shown.get("touches", ())]
    functions = [each["name"] + ("" if each["safe"] else " (not vetted)") for each in shown.get("functions", ())]
    if functions:
        rows.append(("calls", ", ".join(functions)))
    if shown.get("doubts"):
        rows.append(("doubts", ", ".join(shown["doubts"])))
    rows += [("asked by", _stage(each, shown.get("where") or {})) for each in ticket["stages"]]
    rows.append(("risk", risk_text(shown.get("risk", "?"), shown.get("risk_parts", ()))))
    said = (shown.get("explanation") or {}).get("text")
    if said:
        rows.append(("it says", f'"{said}"   the agent\'s own words, not verified'))
    rows += [("vote", _vote(each)) for each in ticket["votes"]]
    return rows


def _chain(who: dict[str, Any]) -> str:
    # Hops of the request are in the identity's chain as well once it is authenticated: they are said once.
    names = [str(hop["name"]) for hop in who.get("chain") or who.get("hops") or ()]
    user = who.get("user") or {}
    subject = user.get("subject", "")
    if subject and subject not in names:
        names.insert(0, subject)
    return (
        " > ".join(
            [f"{subject} (asserted)" if name == subject and not user.get("verified") else name for name in names]
        )
        or "-"
    )


def _account(who: dict[str, Any]) -> str:
    return f"{who.get('account', '?')} ({who.get('provider') or 'key'})"


def _what(shown: dict[str, Any]) -> str:
    if shown.get("kind") == "tool":
        return f"{visible(shown.get('tool', ''))} {visible(shown.get('arguments', ''))}"
    return visible(shown.get("command", ""))


def _params(shown: dict[str, Any]) -> list[str]:
    sign = "$" if shown.get("dialect") == "postgres" else "?"
    return [f"{sign}{number} = {json.dumps(value)}" for number, value in enumerate(shown.get("params", ()), 1)]


def _touch(each: dict[str, Any]) -> str:
    columns = f" ({', '.join(each['columns_written'])})" if each["columns_written"] else ""
    view = ", through a view" if each["through_view"] else ""
    return f"{each['action']} {each['object']}{columns}, {_rows(each)}{view}"


def _rows(each: dict[str, Any]) -> str:
    count = each["rows_bound"]
    if each["action"] in ("select", "insert") and count is None:
        return "no proven number of rows"
    most = "no proven number of rows" if count is None else f"at most {count} row{'' if count == 1 else 's'}"
    return f"{most}: {BOUNDS.get(each['bound'], each['bound'])}"


def _stage(stage: dict[str, Any], where: dict[str, str]) -> str:
    names = [f"{name} ({where[name]})" if where.get(name) else name for name in stage["asked_by"].split(", ")]
    return f"{', '.join(names)}: {stage['given']} of {stage['count']} from {stage['group']}"


def _vote(vote: dict[str, Any]) -> str:
    note = f' "{vote["note"]}"' if vote["note"] else ""
    return f"{'yes' if vote['approve'] else 'no'} by {vote['approver']} at {vote['at'][11:19]} UTC{note}"


def _left(ticket: dict[str, Any]) -> str:
    """Minutes and seconds on the clock that runs now: for the approval, then for the execution."""
    until = ticket.get("execute_before") if ticket.get("state") == "approved" else ticket.get("expires_at")
    try:
        seconds = int((datetime.fromisoformat(str(until)) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return "?"
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds > 0 else "0:00"
