"""The page of `libguard explain`."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from rich.tree import Tree

from libguard.cli.text import visible
from libguard.cli.views.terminal import console, pairs, risk_text, verdict_text

BOUNDS = {
    "eq": "names its rows by key",
    "weak": "has a condition, but does not name rows by key",
    "tautology": "its condition is always true",
    "none": "no WHERE",
}


# Why each bound is what it is, and what would make it better.
WHY_UNBOUNDED = {
    "weak": "no unique, not-null key is wholly named by `=` or IN with a literal or parameter",
    "tautology": "the condition tests no column of a row, or is true of every row",
    "none": "there is no WHERE, so every row is meant",
}

WHY_IN_DOUBT = {
    "no_catalogue": "names were not resolved; load a catalogue",
    "opaque_function": "code of the database's users runs; only a permit that names this function lifts it",
    "implicit_cast": "a cast runs code of the database's users; only a permit that names it lifts it",
    "opaque_trigger": "a trigger runs code that was not read",
    "opaque_rule": "a rule rewrites the statement",
    "opaque_view": "the view's own query could not be read",
    "opaque_cascade": "a foreign key carries the change into other tables",
    "domain_check": "a domain's check runs code",
    "lineage_unknown": "where a column comes from is unclear, so everything in scope counts as revealed",
    "unvetted_function": "a built-in function that nobody vetted; the facts are widened to the safe side",
}


def show_explained(found: dict[str, Any]) -> None:
    show_facts(found)
    console().print(tree_of(found))


def tree_of(found: dict[str, Any]) -> Tree:
    """The same facts by object: what happens to each table, and the reason for each thing that could not be proven."""
    root = Tree(Text(visible(", ".join(found["kinds"]) or "nothing that is understood")))
    for name in sorted({*found["reads"], *found["writes"], *(each["object"] for each in found["bounded"])}):
        _grow_object(root.add(Text(visible(name))), name, found)
    if found["functions"]:
        functions = root.add("calls")
        for name in found["functions"]:
            functions.add(Text(visible(name)))
    if found["doubts"]:
        doubts = root.add(Text("in doubt", style="red"))
        for doubt in found["doubts"]:
            word, _, what = doubt.partition(" ")
            reason = WHY_IN_DOUBT.get(word, "it could not be proven, so it is refused")
            doubts.add(Text(visible(f"{what + ': ' if what else ''}{reason} ({word})")))
    return root


def _grow_object(branch: Tree, name: str, found: dict[str, Any]) -> None:
    if name in found["reads"]:
        branch.add("read")
    bounds = [each for each in found["bounded"] if each["object"] == name]
    if name in found["writes"] and not bounds:
        branch.add("written")
    for each in bounds:
        why = WHY_UNBOUNDED.get(each["bound"])
        told = f"{each['action']}: {BOUNDS.get(each['bound'], 'unknown')}"
        branch.add(Text(visible(f"{told}; {why}" if why else told), style="yellow" if why else ""))
    for column in found["reveals"]:
        shown = [source for source in column["sources"] if source.rpartition(".")[0] == name]
        if shown:
            branch.add(Text(visible(f"shown in {column['column']}: {', '.join(shown)}")))
    for test in found["tests"]:
        if test["column"].rpartition(".")[0] == name:
            branch.add(Text(visible(f"tested: {test['column']} by {test['how']}")))


def show_facts(found: dict[str, Any]) -> None:
    rows: list[tuple[str, str | Text]] = [("kinds", ", ".join(found["kinds"]) or "none")]
    rows.append(("effect", _effect(found)))
    rows.append(("understood", _understood(found)))
    rows += [(name, ", ".join(found[name])) for name in ("reads", "writes", "functions") if found[name]]
    rows += [("bounded", _bound(each)) for each in found["bounded"]]
    rows += _reveals(found["reveals"])
    rows += [("tests", f"{each['column']} by {each['how']}") for each in found["tests"]]
    if found["doubts"]:
        rows.append(("doubts", ", ".join(found["doubts"])))
    if "decision" in found:
        rows += _decision(found["decision"])
    pairs(rows)


def _effect(found: dict[str, Any]) -> str:
    notes = [found["effect"]]
    if found["statements"] != 1:
        notes.append(f"{found['statements']} statements")
    if found["destructive"]:
        notes.append("destructive")
    if found["readonly_safe"]:
        notes.append("safe to run read-only")
    return ", ".join(notes)


def _understood(found: dict[str, Any]) -> Text:
    if found["understood"]:
        return Text("yes", style="green")
    return Text(visible(f"no: {found.get('reason') or found.get('code', '')}"), style="red")


def _bound(each: dict[str, str]) -> str:
    return f"{each['action']} {each['object']}: {each['bound']}, {BOUNDS.get(each['bound'], 'unknown')}"


def _reveals(columns: list[dict[str, Any]]) -> list[tuple[str, str | Text]]:
    shown = [f"{each['column']} from {', '.join(each['sources'])}" for each in columns if each["sources"]]
    return [("reveals", text) for text in shown] or [("reveals", "no column of any table")]


def _decision(decision: dict[str, Any]) -> list[tuple[str, str | Text]]:
    word = {"deny": "refuse"}.get(decision["verdict"], decision["verdict"])
    deciding = ", ".join(decision.get("deciding", ()))
    head = verdict_text(word) + Text(visible(f": {deciding}" if deciding else ""))
    rows: list[tuple[str, str | Text]] = [("risk", risk_text(decision["risk"], decision.get("risk_parts", ())))]
    rows += [("decision", head), ("because", decision.get("reason", ""))]
    if decision.get("masked_classes"):
        rows.append(("masked", ", ".join(decision["masked_classes"])))
    if decision.get("row_limit") is not None:
        rows.append(("row limit", f"{decision['row_limit']:,}"))
    if decision.get("read_only"):
        rows.append(("read only", "runs where nothing can be written"))
    rows += [(f"round {number}", _round(each)) for number, each in enumerate(decision.get("trail", ()), 1)]
    return rows


def _round(tried: dict[str, list[str]]) -> str:
    forbade = f"forbidden by {', '.join(tried['forbids'])}"
    if not tried["remedies"]:
        return f"{forbade}; nothing lifts that"
    return f"{forbade}; asked again with {'; '.join(tried['remedies'])}"
