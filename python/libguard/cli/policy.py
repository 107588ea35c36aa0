"""`libguard policy eval`: Cedar policies asked outside a guard, for tests and comparisons."""

from __future__ import annotations

from typing import Annotated

import typer

from libguard.cli import policy_format, policy_roles, policy_schema, policy_text
from libguard.cli.batch import run_batch
from libguard.cli.errors import EXIT_DONE
from libguard.cli.guard_door import UnreadConfig, core
from libguard.cli.policy_tools import add_to

app = typer.Typer(help="Policies.", no_args_is_help=True, rich_markup_mode=None)


app.command("roles")(policy_roles.roles)
app.command("schema")(policy_schema.schema)
app.command("validate")(policy_schema.validate)
app.command("parse")(policy_text.parse)
app.command("convert")(policy_text.convert)
app.command("format")(policy_format.format_files)


@app.callback()
def _group() -> None:
    """Policies."""


@app.command("eval")
def evaluate(
    batch: Annotated[
        str,
        typer.Option(
            metavar="FILE", help='Lines of {"id", "policies", "links", "entities", "schema", "cases"}; - for stdin.'
        ),
    ],
    cedar_compat: Annotated[
        bool, typer.Option("--cedar-compat", help="Cedar's positional ids, and its skipping of policies that err.")
    ] = False,
    _config: UnreadConfig = None,
) -> int:
    """Answers {id, answers: [{decision, reason, errors, error_kinds} | {error}]} for each line."""
    line_of = core().policy_eval
    run_batch(batch, lambda line: str(line_of(line, cedar_compat)))
    return EXIT_DONE


add_to(app)
