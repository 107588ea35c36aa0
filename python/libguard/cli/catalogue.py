"""`libguard catalogue dump`: the schema that statements are understood against, as a FILE for `explain --catalogue`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import Config, opened

app = typer.Typer(help="The schema of a connection.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """The schema of a connection."""


@app.command("dump")
def dump(
    connection: Annotated[str, typer.Option(metavar="NAME", help="A connection of guard.yaml.")],
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to write it; default stdout.")] = None,
    config: Config = None,
) -> int:
    """Writes the catalogue as JSON: names, types, keys, functions. No row of any table is in it."""
    with opened(config) as guard:
        text = guard.catalogue(connection)
    if out is None:
        print(text)
        return EXIT_DONE
    try:
        with open(out, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o644)) as file:
            file.write(text + "\n")
    except (OSError, ValueError) as error:
        raise CliError(f"{out} cannot be written: {getattr(error, 'strerror', None) or 'not a path'}") from None
    return EXIT_DONE
