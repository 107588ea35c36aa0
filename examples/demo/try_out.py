"""`./run demo --try`: type SQL as the agent, and see what the guard makes of it."""

from __future__ import annotations

import contextlib

from rich.text import Text
from stage import Stage
from world import World

from libguard import Guard
from libguard.outcome import Outcome

HELP = (
    "You are the support crew. One statement a line, on a shop with the tables customers, orders and salaries.\n"
    "Try to read cards, to delete orders, to drop a table, to refund order 1042 by 48900 cents. What is refused "
    "says why; what is pending waits for Dana: `approve t-...` makes you Dana for a moment. `quit` ends it, and "
    "everything is thrown away."
)


def try_out(world: World, stage: Stage) -> int:
    stage.opening("Type SQL as the agent", HELP)
    with Guard.open(world.config) as guard, guard.session(account="support-crew", purpose="trying it out") as session:
        while (line := _line()) is not None:
            words = line.split()
            if not words:
                continue
            if words[0].lower() in ("quit", "exit", "\\q"):
                break
            if words[0].lower() == "approve" and len(words) == 2:
                _approve(world, stage, session, words[1])
            else:
                _show(stage, session.query("shop", line, tool="run_sql"))
    return 0


def _line() -> str | None:
    with contextlib.suppress(EOFError, KeyboardInterrupt, UnicodeDecodeError):
        return input("agent> ")
    return None


def _approve(world: World, stage: Stage, session: object, ticket: str) -> None:
    from second_process import dana_votes

    from libguard import Error

    stage.quote(dana_votes("approve", ticket, world.config, world.elsewhere).text)
    try:
        _show(stage, session.resume(ticket))  # type: ignore[attr-defined]
    except Error as error:
        stage.say(str(error), "red")


def _show(stage: Stage, outcome: Outcome) -> None:
    from libguard.cli.views.rows import cell_text

    if outcome.completed and outcome.columns:
        stage.table(
            [column.name + (f" ({column.operator})" if column.masked else "") for column in outcome.columns],
            [
                [cell_text(cell if cell is None or isinstance(cell, str) else str(cell)) for cell in row]
                for row in outcome.rows
            ],
        )
    elif outcome.completed:
        stage.say(f"{outcome.affected} rows affected", "green")
    else:
        style = "yellow" if outcome.pending else "red"
        stage.say(Text(f"{outcome.state} at {outcome.stage}: ", style=style) + Text(outcome.reason))
        if outcome.pending:
            stage.say(f"type: approve {outcome.ticket}", "dim")
    stage.say(f"record {outcome.record}, risk {outcome.risk}, {outcome.code}", "dim")
