"""`libguard query`: runs statements through the whole sentence, as an agent's tool would."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from libguard.cli.batch import LineError, read_line, run_batch
from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED, CliError
from libguard.cli.guard_door import AsJson, Config, KeyFile, TokenFile, opened, proof_of, renewal_of


def query(
    sql: Annotated[str | None, typer.Argument(metavar="SQL", help="One statement.")] = None,
    *,
    batch: Annotated[
        str | None, typer.Option(metavar="FILE", help='Lines of {"id", "sql", "params"} instead; - for stdin.')
    ] = None,
    connection: Annotated[str, typer.Option(metavar="NAME", help="A connection of guard.yaml.")] = ...,  # type: ignore[assignment]
    token_file: TokenFile = None,
    key_file: KeyFile = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="A local account of guard.yaml; recorded as asserted.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="VALUE", help="One for each placeholder, in order; JSON, else text.")
    ] = None,
    user: Annotated[str, typer.Option(help="The person acted for, asserted: it can only narrow.")] = "",
    purpose: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    explanation: Annotated[str, typer.Option(help="Your own words for an approver, shown as not verified.")] = "",
    ticket: Annotated[str, typer.Option(metavar="TICKET", help="Runs what this ticket approved.")] = "",
    wait_s: Annotated[float | None, typer.Option(metavar="SECONDS", help="How long to wait for an approval.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Answers {id, outcome, code, reason, record, columns, rows, affected, error}; values arrive masked."""
    if (sql is None) == (batch is None):
        raise CliError("give either one SQL statement or --batch FILE")
    if batch is not None and (ticket or param):
        raise CliError("--ticket and --param belong to one statement, not to a batch")
    spec = proof_of(token_file, key_file, account) | {"user": user, "purpose": purpose}
    details: dict[str, Any] = {"kind": "sql", "connection": connection, "explanation": explanation, "ticket": ticket}
    if wait_s is not None:
        if not 0 <= wait_s <= 86_400:
            raise CliError("--wait-s is between 0 and 86400 seconds")
        details["wait_ms"] = int(wait_s * 1000)
    with opened(config) as guard:
        session = guard.session(json.dumps(spec), renewal_of(token_file, key_file))
        if batch is not None:
            run_batch(batch, lambda line: _answer_line(session, details, line))
            return EXIT_DONE
        request = details | {"text": sql, "params": [_value(each) for each in param or ()]}
        outcome = json.loads(session.run(json.dumps(request)))
    return _show(outcome, as_json)


def _show(outcome: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(json.dumps(answer_of(None, outcome)))
    else:
        from libguard.cli.views.rows import show_outcome

        show_outcome(outcome)
    return EXIT_DONE if outcome["state"] == "completed" else EXIT_REFUSED


def _answer_line(session: Any, details: dict[str, Any], line: bytes) -> str:
    data = read_line(line)
    sql, params = data.get("sql"), data.get("params")
    if not isinstance(sql, str):
        raise LineError("batch.malformed", "sql must be text")
    if params is not None and not isinstance(params, list):
        raise LineError("batch.malformed", "params must be a list")
    request = json.dumps(details | {"text": sql, "params": params or []}, allow_nan=False)
    outcome = json.loads(session.run(request))
    return json.dumps(answer_of(data.get("id"), outcome), separators=(",", ":"))


def answer_of(line_id: Any, outcome: dict[str, Any]) -> dict[str, Any]:
    """The answer line. `error` is null unless something broke after it was allowed; a refusal is no error."""
    error = None
    if outcome["state"] in ("failed", "in_doubt"):
        error = {"code": outcome["code"], "message": outcome["reason"]}
        if outcome.get("sqlstate"):
            error["sqlstate"] = outcome["sqlstate"]
    answer = {
        "id": line_id,
        "outcome": outcome["state"],
        "code": outcome["code"],
        "reason": outcome["reason"],
        "record": outcome["record"],
        "columns": [
            {name: each[name] for name in ("name", "masked", "class", "operator")} for each in outcome["columns"]
        ],
        "rows": outcome["rows"],
        "affected": outcome["affected"],
        "error": error,
    }
    # Only when they say something: a ticket to report, and rows that a limit cut off.
    if outcome.get("ticket"):
        answer["ticket"] = outcome["ticket"]
    if outcome.get("truncated"):
        answer["truncated"] = True
    return answer


def _value(text: str) -> Any:
    """7 is a number, null is null and '"7"' is text, as in JSON; whatever is no JSON scalar is text as it stands."""
    try:
        value = json.loads(text, parse_constant=lambda _: text)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(value, list | dict) else value
