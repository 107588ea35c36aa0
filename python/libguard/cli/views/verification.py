"""What `audit verify` found, as a sentence."""

from __future__ import annotations

from typing import Any

from libguard.cli.views.terminal import line

FINDINGS_SHOWN_MAX = 20


def verification_sentence(found: dict[str, Any]) -> str:
    segments, records = found["segments"], found["records"]
    counted = f"{segments} segment{'' if segments == 1 else 's'}, {records} record{'' if records == 1 else 's'}"
    if not found["intact"]:
        return f"{counted}, NOT INTACT"
    doubt = found.get("in_doubt", 0)
    return f"{counted}, chain intact" + (
        f", {doubt} intent{'' if doubt == 1 else 's'} without an outcome" if doubt else ""
    )


def show_verification(found: dict[str, Any]) -> None:
    line(verification_sentence(found), "green" if found["intact"] else "bold red")
    findings = found.get("findings", ())
    for finding in findings[:FINDINGS_SHOWN_MAX]:
        line(finding, "red")
    if len(findings) > FINDINGS_SHOWN_MAX:
        line(f"... and {len(findings) - FINDINGS_SHOWN_MAX} more", "red")
    for warning in found.get("warnings", ()):
        line(warning, "yellow")
