"""`libguard policy roles`: the policies that ship with libguard, to read before they are given out in guard.yaml."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import UnreadConfig, core


def roles(
    name: Annotated[str | None, typer.Argument(metavar="[ROLE]", help="Print this role's policies.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, with the texts.")] = False,
    _config: UnreadConfig = None,
) -> int:
    """Lists the shipped roles for `roles:` in guard.yaml, or prints one of them."""
    packs = json.loads(core().role_packs())
    if name is not None:
        packs = [pack for pack in packs if name in (pack["role"], f"{pack['role']}@{pack['version']}")]
        if not packs:
            raise CliError("there is no shipped role of this name; `libguard policy roles` lists them")
    if as_json:
        sys.stdout.write(json.dumps(packs, ensure_ascii=False) + "\n")
    elif name is not None:
        sys.stdout.write("".join(pack["text"] for pack in packs))
    else:
        from libguard.cli.views.terminal import pairs

        pairs((f"{pack['role']}@{pack['version']}", pack["summary"]) for pack in packs)
    return EXIT_DONE
