"""The pages of `libguard policy check|test|explain|replay|diff|learn`."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from libguard.cli.text import visible
from libguard.cli.views.terminal import line, pairs, risk_text, table, verdict_text

COMMAND_CHARS_MAX = 60
ROWS_MAX = 50


def show_check(found: dict[str, Any]) -> None:
    styles = {"error": "red", "warning": "yellow", "note": "dim"}
    for each in found["findings"]:
        place = f"{each['file']}:{each['line']}:{each['column']}" if each["file"] else "the set"
        line(f"{place}: {each['severity']} {each['code']}", styles.get(each["severity"], ""))
        line(f"  {each['message']}")
        for shown in each.get("excerpt", "").splitlines():
            line(f"  {shown}", "dim")
        if each["fix"]:
            line(f"  fix: {each['fix']}", "dim")
    counts = found["counts"]
    line(f"{counts['error']} errors, {counts['warning']} warnings, {counts['note']} notes")


def show_tests(found: dict[str, Any]) -> None:
    for each in found["tests"]:
        line(f"{'ok    ' if each['passed'] else 'FAILED'} {each['name']}", "" if each["passed"] else "red")
        for failure in each["failures"]:
            line(f"       {failure}")
    coverage = found["coverage"]
    line(f"{found['passed']} passed, {found['failed']} failed; {coverage['percent']} % of the policies were reached")
    if coverage["never_matched"]:
        line(f"never matched: {', '.join(coverage['never_matched'])}", "yellow")
    if "mutants_skipped" in found:
        line(found["mutants_skipped"], "yellow")
    if "mutants" in found:
        mutants = found["mutants"]
        line(f"mutation: {mutants['killed']} of {mutants['made']} changes were noticed")
        for each in mutants["survivors"]:
            line(f"  nobody noticed: {each['policy']} {each['change']}", "yellow")


def show_explained(found: dict[str, Any], *, whole: bool) -> None:
    decision = found["decision"]
    if whole:
        for each in found["questions"]:
            _question(each)
    rows: list[tuple[str, str | Text]] = [("verdict", verdict_text(decision["verdict"]))]
    rows += [("by", ", ".join(decision["deciding"]) or "no policy"), ("because", decision["reason"])]
    if decision["masked_classes"]:
        rows.append(("masked", ", ".join(decision["masked_classes"])))
    rows.append(("risk", risk_text(decision["risk"], decision["risk_parts"])))
    pairs(rows)


def _question(each: dict[str, Any]) -> None:
    about = "masking" if each["round"] == 0 else f"round {each['round']}"
    line(f"{about}: may {each['subject']} {each['action']} {each['on']}?", "bold")
    for name in ("permits", "forbids"):
        if each[name]:
            line(f"  {name}: {', '.join(each[name])}")
    for error in each["errors"]:
        line(f"  failed: {error['id']} ({error['error']})", "red")
    for miss in each["nearest"]:
        whys = [f"its {part} is another" for part in miss["scope"]]
        whys += [f"{'holds' if part['unless'] else 'does not hold'}: {part['text']}" for part in miss["conditions"]]
        line(f"  nearest: {miss['id']} ({miss['where']}): {'; '.join(whys)}", "dim")


def show_replay(found: dict[str, Any]) -> None:
    rows = [
        (each["at"][:19], each["account"], _short(each["command"] or each["tool"]), each["change"])
        for each in found["changes"][:ROWS_MAX]
    ]
    if rows:
        table(("at", "account", "command", "change"), rows)
    if len(found["changes"]) > ROWS_MAX:
        line(f"... and {found['changed'] - ROWS_MAX} more; --json has them")
    line(
        f"{found['actions']} actions: {found['unchanged']} unchanged, {found['changed']} changed, "
        f"{found['not_decided']} not decided, {found['not_asked']} never reached policy"
    )
    for each in found["why_not_decided"]:
        line(f"  not decided ({each['actions']}): {each['why']}", "yellow")


def show_diff(found: dict[str, Any]) -> None:
    rows = [
        (
            each["account"],
            each["action"],
            ", ".join(each["objects"][:6]),
            "; ".join(each["when"][:4]),
            each["old"],
            each["new"],
        )
        for each in found["groups"]
    ]
    if rows:
        table(("account", "action", "on", "when", "old", "new"), rows)
    line(f"{found['differ']} of {found['asked']} requests differ{' (cut: there are more)' if found['cut'] else ''}")
    for each in found["not_decided"]:
        line(f"not decided: {each}", "yellow")
    for each in found.get("history", {}).get("changes", ()):
        line(f"history: {each['account']}: {_short(each['command'] or each['tool'])}: {each['old']} -> {each['new']}")


def show_learned(found: dict[str, Any], *, written: str | None) -> None:
    if written is None:
        for each in found["cedar"].rstrip().splitlines():
            line(each)
    else:
        line(f"written: {written}")
    line(
        f"// learned from {found['learned_from']} of {found['actions']} actions; "
        f"{found['not_decided']} could not be read"
    )
    for each in found["unused"]:
        line(f"// granted today, and nobody used it: {each}")


def _short(text: str) -> str:
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= COMMAND_CHARS_MAX else shown[:COMMAND_CHARS_MAX] + " ..."
