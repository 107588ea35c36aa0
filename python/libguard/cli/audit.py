"""`libguard audit verify`: is the record what was written, byte for byte, and in order?"""

from __future__ import annotations

import json

import typer

from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED
from libguard.cli.guard_door import AsJson, Config, core
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
