"""The page of `libguard audit resolve`."""

from __future__ import annotations

from typing import Any

from libguard.cli.views.terminal import pairs

STATUSES = {
    "committed": "it took effect",
    "aborted": "it was rolled back, nothing was changed",
    "nothing_changed": "it only read",
    "unknown": "still in doubt: the database is unreachable, has forgotten it, or gives its transactions no names",
}


def show_resolved(found: list[dict[str, Any]]) -> None:
    if not found:
        print("nothing is in doubt")
        return
    pairs([(each["record"], f"{each['connection'] or each['kind']}: {STATUSES[each['status']]}") for each in found])
