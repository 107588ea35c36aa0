"""`libguard config check`: everything that start-up would refuse, without starting."""

from __future__ import annotations

import json

import typer

from libguard.cli.errors import EXIT_DONE
from libguard.cli.guard_door import AsJson, Config, checked, config_path

app = typer.Typer(help="Look at the configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look at the configuration."""


@app.command("check")
def check(config: Config = None, as_json: AsJson = False) -> int:
    """Validates guard.yaml and everything that it names, without opening a connection."""
    found = checked(config)
    if as_json:
        print(json.dumps(found))
        return EXIT_DONE
    from libguard.cli.views.terminal import line, pairs

    connections = ", ".join(f"{each['name']} ({each['driver']})" for each in found.get("connections", ()))
    line(f"{config_path(config)} is sound", "bold green")
    pairs(
        [
            ("connections", connections),
            ("records", found.get("audit", "")),
            ("tickets", found.get("approvals", "")),
            ("snapshot", found.get("snapshot", "")[:16]),
            *(("warning", warning) for warning in found.get("warnings", ())),
        ]
    )
    return EXIT_DONE
