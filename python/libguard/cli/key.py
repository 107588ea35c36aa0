"""`libguard key make`: a static service key, shown once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import typer

from libguard.cli.errors import EXIT_DONE
from libguard.cli.guard_door import AsJson, UnreadConfig, core

app = typer.Typer(help="Static service keys.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Static service keys."""


@app.command("make")
def make(as_json: AsJson = False, _config: UnreadConfig = None) -> int:
    """Makes a key: its holder keeps the secret, guard.yaml gets only its hash."""
    made = json.loads(core().make_key())
    if as_json:
        print(json.dumps(made))
        return EXIT_DONE
    today = datetime.now(UTC).date().isoformat()
    print(f"# The key. It is shown this once and stored nowhere; give it to its holder only.\n{made['key']}\n")
    print("# For the account in guard.yaml:")
    print(f"keys: [{{ id: {made['id']}, secret_sha256: {made['secret_sha256']}, created: {today} }}]")
    return EXIT_DONE
