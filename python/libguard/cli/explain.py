"""`libguard explain`: what a statement would do and, for an account, what policy says. Nothing runs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from libguard.cli.batch import Answer, run_batch
from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import AsJson, Config, checked, core, opened

CATALOGUE_BYTES_MAX = 16 * 1024 * 1024  # what the core reads of one JSON text


def explain(
    sql: Annotated[str | None, typer.Argument(metavar="SQL", help="One statement.")] = None,
    *,
    batch: Annotated[
        str | None, typer.Option(metavar="FILE", help='Lines of {"id", "sql", "params"} instead; - for stdin.')
    ] = None,
    connection: Annotated[
        str | None, typer.Option(metavar="NAME", help="A connection of guard.yaml, whose live schema is used.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option(metavar="sqlite|postgres", help="Without a guard: the language that is read.")
    ] = None,
    catalogue: Annotated[
        str | None, typer.Option(metavar="FILE", help="With --dialect: what `catalogue dump` wrote.")
    ] = None,
    account: Annotated[str, typer.Option("--as", metavar="ACCOUNT", help="Adds the decision for this account.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Says what a statement touches, tests, reveals and calls, and how sure that is."""
    if (sql is None) == (batch is None):
        raise CliError("give either one SQL statement or --batch FILE")
    if dialect is not None:
        if connection or account:
            raise CliError("--dialect explains without a guard, so it goes with neither --connection nor --as")
        answer: Answer = core().Explainer(dialect, _catalogue_text(catalogue)).explain
        return _answer(sql, batch, answer, as_json)
    if catalogue is not None:
        raise CliError("--catalogue goes with --dialect; --connection has a live one")
    named = connection or _only_connection(config)
    with opened(config) as guard:
        return _answer(sql, batch, lambda line: guard.explain(line, named, account), as_json)  # type: ignore[arg-type]


def _answer(sql: str | None, batch: str | None, answer: Answer, as_json: bool) -> int:
    if batch is not None:
        run_batch(batch, answer)
        return EXIT_DONE
    text = answer(json.dumps({"id": None, "sql": sql}).encode())
    found = json.loads(text)
    if "error" in found:
        raise CliError(found["error"]["message"])
    if as_json:
        print(text)
        return EXIT_DONE
    from libguard.cli.views.explained import show_explained

    show_explained(found)
    return EXIT_DONE


def _only_connection(config: str | None) -> str:
    names = [str(each["name"]) for each in checked(config)["connections"]]
    if len(names) != 1:
        raise CliError(f"say which database is meant with --connection: {', '.join(names) or 'guard.yaml names none'}")
    return names[0]


def _catalogue_text(path: str | None) -> bytes:
    if path is None:
        return b""
    try:
        with open(path, "rb") as file:
            text = file.read(CATALOGUE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise CliError(
            f"the catalogue {path} cannot be read: {getattr(error, 'strerror', None) or 'not a path'}"
        ) from None
    if not text.strip() or len(text) > CATALOGUE_BYTES_MAX:
        raise CliError(f"{path} is no catalogue: it is {'far too long' if text.strip() else 'empty'}")
    return text
