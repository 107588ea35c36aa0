"""`libguard audit`: is the record what was written, byte for byte, and in order; and what is still in doubt?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED
from libguard.cli.guard_door import AsJson, Config, core, opened
from libguard.cli.sessions import Directory, directory_of

app = typer.Typer(help="The record itself.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """The record itself."""


@app.command("verify")
def verify(directory: Directory = None, config: Config = None, as_json: AsJson = False) -> int:
    """Checks every record against the chain. Exit code 1 when anything does not stand."""
    text = core().audit_verify(directory_of(directory, config))
    found = json.loads(text)
    if as_json:
        print(text)
    else:
        from libguard.cli.views.verification import show_verification

        show_verification(found)
    return EXIT_DONE if found["intact"] else EXIT_REFUSED


@app.command("resolve")
def resolve(
    connection: Annotated[
        str, typer.Option(metavar="NAME", help="Only what was done on this connection; default all.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Asks the databases how actions in doubt ended, and records it. Exit code 1 when some stay in doubt."""
    with opened(config) as guard:
        found = json.loads(guard.resolve(connection))
    if as_json:
        print(json.dumps(found))
    else:
        from libguard.cli.views.resolved import show_resolved

        show_resolved(found)
    return EXIT_REFUSED if any(each["status"] == "unknown" for each in found) else EXIT_DONE
