"""`libguard approvals`: what waits for a person, on one screen each, and the person's yes or no."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED
from libguard.cli.guard_door import AsJson, Config, KeyFile, TokenFile, core, opened, voter_of
from libguard.cli.sessions import directory_of

app = typer.Typer(help="Approve or deny what waits for a person.", no_args_is_help=True, rich_markup_mode=None)

Ticket = Annotated[str, typer.Argument(metavar="TICKET", help="Its id, such as t-7Q2K.")]
Note = Annotated[str, typer.Option(help="A few words for the record.")]


@app.callback()
def _group() -> None:
    """Approve or deny what waits for a person."""


@app.command("list")
def list_tickets(
    every: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Lists the tickets that are open."""
    with opened(config) as guard:
        text = guard.approvals(json.dumps({"op": "list", "all": every}))
    if as_json:
        print(text)
    else:
        from libguard.cli.views.ticket import show_tickets

        show_tickets(json.loads(text))
    return EXIT_DONE


@app.command("show")
def show(
    ticket: Ticket,
    *,
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Shows everything that an approver needs. With a proof, and at a terminal, it asks for the decision."""
    with opened(config) as guard:
        text = guard.approvals(json.dumps({"op": "show", "ticket": ticket}))
        if as_json:
            print(text)
            return EXIT_DONE
        from libguard.cli.views.ticket import show_ticket

        found = json.loads(text)
        show_ticket(found)
        proven = bool(token_file or key_file) and "-" not in (token_file, key_file)
        if not proven or found.get("state") != "open" or not (sys.stdin and sys.stdin.isatty()):
            return EXIT_DONE
        return _asked(guard, found, voter_of(token_file, key_file), directory_of(None, config))


def _asked(guard: Any, ticket: dict[str, Any], voter: dict[str, str], audit: str) -> int:
    while True:
        answer = input("[a]pprove  [d]eny  [r]ecord  [s]ession  anything else leaves it open: ").strip().lower()
        if answer in ("r", "record", "s", "session"):
            _show_past(audit, ticket, whole_session=answer[0] == "s")
            continue
        op = {"a": "approve", "approve": "approve", "d": "deny", "deny": "deny"}.get(answer)
        if op is None:
            print("left open")
            return EXIT_DONE
        return _said(guard, {"op": op, "ticket": ticket["id"], "note": "", **voter}, False)


def _show_past(audit: str, ticket: dict[str, Any], *, whole_session: bool) -> None:
    """What this ticket's session did so far, or the one record that opened the ticket."""
    records = json.loads(core().audit_session(audit, str(ticket.get("record", ""))))
    if not whole_session:
        records = [each for each in records if each.get("record") == ticket.get("record")]
    if not records:
        print("there is no record of it here")
    elif whole_session:
        from libguard.cli.views.session import show_session

        show_session(records)
    else:
        from libguard.cli.views.replay import replay_session

        replay_session(records, 0)


@app.command("approve")
def approve(
    ticket: Ticket,
    *,
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Says yes, as the person whose token or key it is."""
    return _vote("approve", ticket, voter_of(token_file, key_file), note, config, as_json)


@app.command("deny")
def deny(
    ticket: Ticket,
    *,
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    note: Note = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Says no. That is final for this ticket."""
    return _vote("deny", ticket, voter_of(token_file, key_file), note, config, as_json)


@app.command("revoke")
def revoke(
    ticket: Ticket,
    *,
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Takes an approval back, as long as it has not been used."""
    return _vote("revoke", ticket, voter_of(token_file, key_file), "", config, as_json)


def _vote(op: str, ticket: str, voter: dict[str, str], note: str, config: str | None, as_json: bool) -> int:  # noqa: PLR0917
    with opened(config) as guard:
        return _said(guard, {"op": op, "ticket": ticket, "note": note, **voter}, as_json)


def _said(guard: Any, vote: dict[str, str], as_json: bool) -> int:
    text = guard.vote(json.dumps(vote))
    answer = json.loads(text)
    if as_json:
        print(text)
    else:
        from libguard.cli.views.ticket import show_vote

        show_vote(answer)
    return EXIT_DONE if answer["accepted"] else EXIT_REFUSED
