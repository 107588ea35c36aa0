"""`libguard budgets`: what has been used of the budgets that outlive a session, and setting one back."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED, CliError
from libguard.cli.guard_door import AsJson, Config, KeyFile, TokenFile, opened, voter_of

app = typer.Typer(help="Show what was used of budgets, or set one back.", no_args_is_help=True, rich_markup_mode=None)

Tenant = Annotated[str, typer.Option(help="Whose; default: default.")]


@app.callback()
def _group() -> None:
    """Show what was used of budgets, or set one back."""


@app.command("show")
def show(*, tenant: Tenant = "", config: Config = None, as_json: AsJson = False) -> int:
    """Lists the counters that are in force now. Only what some policy reads is counted."""
    with opened(config) as guard:
        text = guard.budgets(json.dumps({"op": "show", "tenant": tenant}))
    if as_json:
        print(text)
    else:
        from libguard.cli.views.budgets import show_budgets

        show_budgets(json.loads(text))
    return EXIT_DONE


@app.command("reset")
def reset(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Account, account/agent or user, as shown.")] = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Everybody's.")] = False,
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    tenant: Tenant = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Sets counters back, as the person whose token or key it is. Policy must permit that; it is recorded."""
    if bool(name) == every:
        raise CliError("say either whose budgets to set back, or --all")
    request: dict[str, Any] = {"op": "reset", "tenant": tenant, **voter_of(token_file, key_file)}
    request |= {"all": True} if every else {"name": name}
    with opened(config) as guard:
        text = guard.budgets(json.dumps(request))
    answer = json.loads(text)
    if as_json:
        print(text)
    else:
        from libguard.cli.views.budgets import show_reset

        show_reset(answer)
    return EXIT_DONE if answer["accepted"] else EXIT_REFUSED
