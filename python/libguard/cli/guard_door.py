"""The way to the core: which configuration, which guard, which proof. Nothing is loaded before a command needs it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libguard.cli.errors import CliError

if TYPE_CHECKING:
    from libguard import _native

PROOF_BYTES_MAX = 64 * 1024

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="The configuration; default ./guard.yaml, then LIBGUARD_CONFIG."),
]
# Every command takes --config, so that scripts need not know which of them read a configuration.
UnreadConfig = Annotated[str | None, typer.Option("--config", metavar="FILE", hidden=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a page for people.")]
TokenFile = Annotated[str | None, typer.Option(metavar="FILE", help="A file that holds a token, or - for stdin.")]
KeyFile = Annotated[str | None, typer.Option(metavar="FILE", help="A file that holds a static key, or - for stdin.")]


def core() -> Any:
    """The extension, loaded when it is first needed so that --help is quick."""
    from libguard import _native

    return _native


def config_path(given: str | None) -> str:
    """--config, else ./guard.yaml, else what LIBGUARD_CONFIG names."""
    if given:
        return given
    if os.path.exists("guard.yaml"):
        return "guard.yaml"
    named = os.environ.get("LIBGUARD_CONFIG", "")
    if named and not named.isprintable():
        raise CliError("LIBGUARD_CONFIG is not a printable path")
    if not named:
        raise CliError("there is no ./guard.yaml here; name one with --config FILE, or write one with `libguard init`")
    return named


@contextlib.contextmanager
def opened(config: str | None) -> Iterator[_native.Guard]:
    guard = core().Guard.open(config_path(config))
    try:
        yield guard
    finally:
        guard.close()


def checked(config: str | None) -> dict[str, Any]:
    """What `config check` knows: warnings, and where records and tickets lie. Opens no connection."""
    answer = json.loads(core().config_check(config_path(config)))
    return dict(answer)


def read_proof(path: str, what: str) -> str:
    """A token or key out of a file. Never out of an argument, which every user of the machine could read."""
    try:
        if path == "-":
            if sys.stdin is None:
                raise CliError(f"there is no stdin to read the {what} from")
            raw = sys.stdin.buffer.read(PROOF_BYTES_MAX + 1)
        else:
            with open(path, "rb") as file:
                raw = file.read(PROOF_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise CliError(f"the {what} file {path} cannot be read: {reason}") from None
    if len(raw) > PROOF_BYTES_MAX:
        raise CliError(f"the {what} file {path} is far too long for a {what}")
    try:
        proof = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise CliError(f"the {what} file {path} does not hold a {what}: it is not plain text") from None
    if not proof:
        raise CliError(f"the {what} file {path} is empty")
    return proof


def proof_of(token_file: str | None, key_file: str | None, account: str | None = None) -> dict[str, str]:
    """Exactly one proof, as the core wants it."""
    given = [name for name in (token_file, key_file, account) if name]
    if len(given) != 1:
        raise CliError("say who is asking with exactly one of --token-file, --key-file and --account")
    if token_file:
        return {"token": read_proof(token_file, "token")}
    if key_file:
        return {"key": read_proof(key_file, "key")}
    return {"account": account or ""}


def voter_of(token_file: str | None, key_file: str | None) -> dict[str, str]:
    """A person's proof: a name is not enough."""
    if bool(token_file) == bool(key_file):
        raise CliError("an approver proves who they are with exactly one of --token-file and --key-file")
    return proof_of(token_file, key_file)


def renewal_of(token_file: str | None, key_file: str | None) -> Callable[[], str] | None:
    """Reads the file again when the proof has run out, since whoever made the first may have put a new one there."""
    if token_file not in (None, "-"):
        return lambda: read_proof(token_file, "token")
    if key_file and key_file != "-":
        return lambda: read_proof(key_file, "key")
    return None
