"""`libguard policy format`: Cedar policies laid out to be read, with their comments."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED, CliError
from libguard.cli.policy_text import read_text
from libguard.errors import Error
from libguard.policy import format_text


def format_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Cedar policies; - for stdin.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when a file would change.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the files instead of printing them.")] = False,
    width: Annotated[int, typer.Option(metavar="COLUMNS", min=40, max=400, help="How long a line may become.")] = 120,
) -> int:
    """Lays policies out; tokens and comments stay as they are, and so does what the policies mean."""
    if check and write:
        raise CliError("--check changes nothing and --write does; give one of them")
    if write and "-" in files:
        raise CliError("stdin cannot be written back; leave --write away")
    before = {file: read_text(file) for file in files}
    after = {file: _formatted(file, text, width) for file, text in before.items()}
    changed = [file for file in before if before[file] != after[file]]
    if check:
        for file in changed:
            print(f"{file} would be laid out differently; run `libguard policy format --write {file}`")
        return EXIT_REFUSED if changed else EXIT_DONE
    if not write:
        sys.stdout.write("\n".join(after.values()))
        return EXIT_DONE
    for file in changed:
        _replace(Path(file), after[file])
        print(f"{file} written")
    return EXIT_DONE


def _formatted(file: str, text: str, width: int) -> str:
    try:
        return format_text(text, width)
    except Error as error:
        raise CliError(f"{file}: {error}") from None


def _replace(path: Path, text: str) -> None:
    """All or nothing: a full disk must not leave half of a policy file. A link stays a link, and the mode stays."""
    try:
        path = path.resolve(strict=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, path.stat().st_mode & 0o7777)
            os.replace(name, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}") from None
