"""`libguard policy schema` and `libguard policy validate`: Cedar schemas, and policies checked against them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from libguard.cli.batch import run_batch
from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import UnreadConfig, core


def schema(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A Cedar schema, text or JSON; without it libguard's own.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="json|cedar", help="The form to write it in.")] = None,
    _config: UnreadConfig = None,
) -> int:
    """Prints the schema of libguard's vocabulary, which every policy is checked against, or converts another one."""
    if to not in (None, "json", "cedar"):
        raise CliError("--to is json or cedar")
    text = core().policy_schema() if file is None else _read(file)
    if file is None and to != "json":
        sys.stdout.write(text)
        return EXIT_DONE
    answer = json.loads(core().policy_schema_convert(text, to == "json"))
    if not answer["ok"]:
        raise CliError(_sentence(file or "schema", answer["error"]))
    written = answer["schema"]
    sys.stdout.write(written if isinstance(written, str) else json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    return EXIT_DONE


def validate(
    batch: Annotated[
        str, typer.Option(metavar="FILE", help='Lines of {"id", "schema", "policies", "links"}; - for stdin.')
    ],
    _config: UnreadConfig = None,
) -> int:
    """Answers {id, valid, findings} for each line, with the verdict of Cedar's strict validator."""
    line_of = core().policy_validate
    run_batch(batch, lambda line: str(line_of(line)))
    return EXIT_DONE


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CliError(f"{file} cannot be read as UTF-8 text") from None


def _sentence(file: str, error: dict[str, object]) -> str:
    place = f":{error['line']}:{error['column']}" if "line" in error else ""
    shown = f"\n{error['excerpt']}" if "excerpt" in error else ""
    return f"{file}{place}: {error['message']}{shown}"
