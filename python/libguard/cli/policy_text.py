"""`libguard policy parse` and `policy convert`: Cedar text, and its JSON form."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from libguard.cli.batch import run_batch
from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import UnreadConfig, core

TEXT_BYTES_MAX = 64 * 1024 * 1024


def parse(
    batch: Annotated[str, typer.Option(metavar="FILE", help='Lines of {"id", "policies"}; - for stdin.')],
    _config: UnreadConfig = None,
) -> int:
    """Answers {id, ok, policies, templates, error: {line, column, message}} for each line, with Cedar's meaning."""
    run_batch(batch, core().policy_parse)
    return EXIT_DONE


def convert(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Cedar text, or a policy set in JSON form.")],
    to: Annotated[str, typer.Option("--to", metavar="FORM", help="json or cedar.")],
    _config: UnreadConfig = None,
) -> int:
    """Prints the policies of FILE in Cedar's other form."""
    if to not in ("json", "cedar"):
        raise CliError("--to is json or cedar")
    text = read_text(file)
    try:
        line: dict[str, Any] = {"policies": text} if to == "json" else {"json": json.loads(text)}
    except (ValueError, RecursionError):
        raise CliError(f"{file} is not JSON") from None
    answer = json.loads(core().policy_convert(json.dumps(line)))
    if "error" in answer:
        found = answer["error"]
        where = f"line {found['line']}, column {found['column']}: " if "line" in found else ""
        shown = f"\n{found['excerpt']}" if found.get("excerpt") else ""
        raise CliError(f"{file}: {where}{found['message']}{shown}")
    out = json.dumps(answer["json"], indent=2, ensure_ascii=False) + "\n" if to == "json" else answer["policies"]
    sys.stdout.write(out)
    return EXIT_DONE


def read_text(file: str) -> str:
    """A file, or stdin for `-`, with its line ends as they are."""
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(TEXT_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as source:
                raw = source.read(TEXT_BYTES_MAX + 1)
        text = raw.decode("utf-8")
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    if len(raw) > TEXT_BYTES_MAX:
        raise CliError(f"{file} is longer than 64 MiB")
    return text
