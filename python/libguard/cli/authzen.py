"""`libguard authzen serve`: Cedar policies as an OpenID AuthZEN 1.0 decision point."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libguard.cli.errors import EXIT_DONE, CliError, with_excerpt
from libguard.cli.guard_door import core
from libguard.cli.policy_text import read_text

if TYPE_CHECKING:
    from libguard.policy import Engine

TOKEN_BYTES_MAX = 4096

app = typer.Typer(help="Decisions for others.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Decisions for others."""


@app.command("serve")
def serve(
    policies: Annotated[list[str], typer.Argument(metavar="FILE...", help="Cedar policies, as text.")],
    *,
    token_file: Annotated[str, typer.Option(metavar="FILE", help="What callers must know; mode 0600.")],
    entities: Annotated[str | None, typer.Option(metavar="FILE", help="Cedar entities in JSON.")] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="An IP address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8181,
    tls_cert: Annotated[str | None, typer.Option(metavar="FILE", help="PEM; needed beyond loopback.")] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="PEM.")] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Where callers find us, for the metadata.")] = None,
) -> int:
    """Answers /access/v1/evaluation and /access/v1/evaluations. SIGHUP reads the files again."""
    try:
        from libguard.authzen import Address, serve, service
    except ImportError:
        raise CliError("this needs a web server: pip install 'libguard[authzen]'") from None
    loaded = _Loaded(lambda: _engine(policies, entities))
    token = read_token(token_file)
    try:
        address = Address(host, port, tls_cert, tls_key)
        listener = address.listen()
    except (OSError, ValueError) as error:
        raise CliError(f"{host}:{port}: {getattr(error, 'strerror', None) or error}") from None
    where = address.url(listener)
    signal.signal(signal.SIGHUP, lambda *_: loaded.reload())
    try:
        application = service(lambda: loaded.engine, token, url or where)
        serve(application, address, listener, lambda: print(f"answering at {where}", flush=True))
    except (OSError, ValueError) as error:
        raise CliError(f"cannot serve: {getattr(error, 'strerror', None) or error}") from None
    return EXIT_DONE


class _Loaded:
    """The engine in use. A set that cannot be read leaves the old one in force, and says so."""

    def __init__(self, load: Callable[[], Engine]) -> None:
        self._load = load
        self._wanted = 0
        self.engine = load()

    def reload(self) -> None:
        """For a signal handler: a second signal while the files are read is answered by reading them once more."""
        self._wanted += 1
        if self._wanted > 1:
            return
        while self._wanted:
            self._wanted = 1
            self._read()
            self._wanted -= 1

    def _read(self) -> None:
        try:
            self.engine = self._load()
            said = f"policies read again: {len(self.engine)}"
        except CliError as error:
            said = f"the old policies stay in force: {error}"
        sys.stderr.write(f"libguard: {with_excerpt(said)}\n")
        sys.stderr.flush()


def _engine(policies: list[str], entities: str | None) -> Engine:
    from libguard.errors import Error
    from libguard.policy import Engine

    text = "\n".join(_policies(file) for file in policies)
    known: list[Any] = []
    if entities is not None:
        try:
            known = json.loads(read_text(entities))
        except (ValueError, RecursionError):
            raise CliError(f"{entities} is not JSON") from None
    try:
        return Engine(text, known)
    except Error as error:
        raise CliError(f"the policies and entities do not fit together: {error}") from None


def _policies(file: str) -> str:
    """The text of one file, read on its own first so that an error names its own line."""
    text = read_text(file)
    answer = json.loads(core().policy_parse(json.dumps({"policies": text})))
    if not answer["ok"]:
        error = answer["error"]
        where = f"line {error['line']}, column {error['column']}: " if "line" in error else ""
        raise CliError(f"{file}: {where}{error['message']}\n{error.get('excerpt', '')}")
    return text


def read_token(path: str) -> str:
    """A secret of ours: a file that only we can read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise CliError(f"the token file {path} cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise CliError(f"the token file {path} must be a file of yours that nobody else may read: chmod 600 {path}")
        raw = file.read(TOKEN_BYTES_MAX + 1)
    token = raw.decode("ascii", "replace").strip()
    if not 16 <= len(token) <= TOKEN_BYTES_MAX or not token.isascii() or not token.isprintable() or " " in token:
        raise CliError(f"the token file {path} must hold 16 or more printable ASCII characters on one line")
    return token
