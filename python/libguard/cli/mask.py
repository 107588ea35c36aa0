"""`libguard mask`: finds personal and secret values in free text and replaces them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from libguard.cli.batch import run_batch
from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import AsJson, UnreadConfig, core


def mask(
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="The text to look through.")] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="FILE", help='Lines of {"id", "text"} instead; - for stdin.')
    ] = None,
    operator: Annotated[str, typer.Option(metavar="OPERATOR", help="label, redact or partial:last=4.")] = "label",
    as_json: AsJson = False,
    _config: UnreadConfig = None,
) -> int:
    """Answers {id, masked, spans: [{start, end, entity}]}; spans are in code points, the end exclusive."""
    if (text is None) == (batch is None):
        raise CliError("give either a TEXT or --batch FILE")
    line_of = core().mask
    if batch is not None:
        run_batch(batch, lambda line: str(line_of(line, operator)))
        return EXIT_DONE
    answer = json.loads(line_of(json.dumps({"id": None, "text": text}), operator))
    if "error" in answer:
        raise CliError(answer["error"]["message"])
    print(json.dumps(answer) if as_json else answer["masked"])
    return EXIT_DONE
