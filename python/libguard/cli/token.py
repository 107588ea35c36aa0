"""`libguard token issue`: a short-lived token, by the guard's own issuer or by a key file that it never holds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import Config, config_path, core

LIFETIME_S = 900

app = typer.Typer(help="Tokens.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Tokens."""


@app.command("issue")
def issue(
    *,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="A machine account whose issuer key the guard holds.")
    ] = None,
    key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Sign with this private key instead, such as a person's own.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="With --key-file: whose token it is.")] = None,
    issuer: Annotated[
        str | None, typer.Option(help="With --key-file: the issuer; default libguard:<name of the file>.")
    ] = None,
    audience: Annotated[str, typer.Option(help="With --key-file: for whom it is.")] = "libguard",
    acts_for: Annotated[str, typer.Option(metavar="SUBJECT", help="The user on whose behalf it is used.")] = "",
    lifetime_s: Annotated[int, typer.Option(metavar="SECONDS", help="How long it is good for.")] = LIFETIME_S,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write it to a new file, mode 0600, instead of stdout.")
    ] = None,
    config: Config = None,
) -> int:
    """Prints a token. Either --account, or --key-file with --subject."""
    request: dict[str, str | int] = {"acts_for": acts_for, "lifetime_s": lifetime_s}
    if bool(account) == bool(key_file):
        raise CliError("give either --account NAME, or --key-file FILE with --subject NAME")
    if account:
        request |= {"config": config_path(config), "account": account}
    else:
        if not subject:
            raise CliError("--key-file needs --subject: whose token is it to be?")
        named = issuer or f"libguard:{Path(key_file or '').name.split('.')[0]}"
        request |= {"key_path": key_file or "", "issuer": named, "audience": audience, "subject": subject}
    token = str(core().issue_token(json.dumps(request)))
    if out is None:
        print(token)
    else:
        _write(out, token)
    return EXIT_DONE


def _write(path: str, token: str) -> None:
    """A file of its own with no moment in which others could read it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise CliError(f"{path} cannot be made: {reason}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
