"""`libguard sessions`: what was done, by whom, with what outcome, out of the record."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import AsJson, Config, checked, core

app = typer.Typer(help="What was done, from the record.", no_args_is_help=True, rich_markup_mode=None)

SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="Its id (s-01J9), or that of one of its records.")]
Directory = Annotated[
    str | None, typer.Option(metavar="DIR", help="The records themselves, when there is no guard.yaml at hand.")
]


@app.callback()
def _group() -> None:
    """What was done, from the record."""


def directory_of(given: str | None, config: str | None) -> str:
    return given or str(checked(config)["audit"])


@app.command("list")
def list_sessions(directory: Directory = None, config: Config = None, as_json: AsJson = False) -> int:
    """Lists sessions, the newest first."""
    text = core().audit_sessions(directory_of(directory, config))
    if as_json:
        print(text)
    else:
        from libguard.cli.views.session import show_sessions

        show_sessions(json.loads(text))
    return EXIT_DONE


@app.command("show")
def show(session: SessionId, directory: Directory = None, config: Config = None, as_json: AsJson = False) -> int:
    """One line for each action of a session."""
    records = _records(session, directory, config)
    if as_json:
        print(json.dumps(records))
    else:
        from libguard.cli.views.session import show_session

        show_session(records)
    return EXIT_DONE


@app.command("replay")
def replay(
    session: SessionId,
    pace: Annotated[
        float, typer.Option(help="1 waits as long as it took then (5 s at most), 2 half of that, 0 not at all.")
    ] = 1.0,
    directory: Directory = None,
    config: Config = None,
) -> int:
    """Plays a session back: each command with who asked, why it was decided so, and the masked answer."""
    if not 0 <= pace <= 1_000:
        raise CliError("--pace is between 0 and 1000")
    from libguard.cli.views.replay import replay_session

    replay_session(_records(session, directory, config), pace)
    return EXIT_DONE


def _records(session: str, directory: str | None, config: str | None) -> list[dict[str, Any]]:
    records = json.loads(core().audit_session(directory_of(directory, config), session))
    if not records:
        raise CliError(f"no record mentions {session}; `libguard sessions list` shows which there are")
    return list(records)
