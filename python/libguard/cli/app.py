"""The commands, put together. One module a command; nothing is decided here."""

from __future__ import annotations

import sys

import typer

from libguard.cli import (
    approvals,
    audit,
    authzen,
    budgets,
    catalogue,
    config,
    explain,
    init,
    key,
    mask,
    policy,
    query,
    sessions,
    token,
)
from libguard.cli.errors import EXIT_BROKEN, EXIT_DONE, EXIT_INTERRUPTED, one_line

ABOUT = """Guards what agents do.

authenticate, understand, decide, approve, record the intent, execute, mask, record the outcome

Exit codes: 0 done; 1 the guard said no, or not yet; 2 the command could not be carried out. Batches exit 0 when every
line was answered."""

# typer carries a click of its own since 0.20; this is the root of its errors in either case.
_ClickError: type[Exception] = next(each for each in typer.BadParameter.__mro__ if each.__name__ == "ClickException")


def _application() -> typer.Typer:
    app = typer.Typer(
        name="libguard",
        help=ABOUT,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.command("init")(init.init)
    app.command("explain")(explain.explain)
    app.command("query")(query.query)
    app.command("mask")(mask.mask)
    for name, module in (
        ("config", config),
        ("token", token),
        ("key", key),
        ("policy", policy),
        ("catalogue", catalogue),
        ("approvals", approvals),
        ("budgets", budgets),
        ("sessions", sessions),
        ("audit", audit),
        ("authzen", authzen),
    ):
        app.add_typer(module.app, name=name)
    return app


def run(arguments: list[str]) -> int:
    try:
        answer = _application()(args=arguments, prog_name="libguard", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return EXIT_INTERRUPTED
    except _ClickError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(f"{error}\n")
            return EXIT_BROKEN
        sentence = error.format_message() if hasattr(error, "format_message") else str(error)
        sys.stderr.write(f"libguard: {one_line(sentence)}\n")
        return EXIT_BROKEN
    return answer if isinstance(answer, int) else EXIT_DONE
