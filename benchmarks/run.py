"""Runs the benchmarks and prints one table: figure, baseline, ratio, target. `run.py [name]` runs the matching ones."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

from rich.console import Console
from rich.table import Table

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release" / "benchmarks"
HERE = ROOT / "benchmarks"


def lines(*command: object) -> list[dict[str, object]]:
    """Runs one benchmark; each of its lines of output is a JSON object."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True, cwd=HERE)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def select(table: Table) -> None:
    for row in lines(sys.executable, HERE / "select_one.py", BUILD):
        figure = f"{row['guarded_p50_us']} us against {row['baseline_p50_us']} us"
        table.add_row(str(row["name"]), str(row["baseline"]), figure, f"{row['ratio']}x", f"<= {row['target']}x")


def own(table: Table) -> None:
    targets = {
        "own work, join seen for the first time": 60,
        "own work, join seen before": 15,
        "own work, six joins seen before, in turns": 15,
    }
    for row in lines(BUILD / "own_work"):
        name = str(row["name"])
        table.add_row(name, "-", f"p50 {row['p50_us']} us, p99 {row['p99_us']} us", "-", f"p50 <= {targets[name]} us")


def policy(table: Table) -> None:
    ours = {row["policies"]: row for row in lines(BUILD / "policy_work")}
    theirs = {row["policies"]: row for row in lines(sys.executable, HERE / "policy.py", BUILD)}
    small, large = float(ours[100]["prepared_ns"]), float(ours[10_000]["prepared_ns"])
    for count, row in ours.items():
        prepared, strawman = float(row["prepared_ns"]), float(row["strawman_ns"])
        cedar = float(theirs[count]["cedar_ns"]) - float(theirs[count]["cedar_crossing_ns"])
        python = float(theirs[count]["ours_from_python_ns"])
        name = f"{count:,} policies: "
        table.add_row(name + "prepared request", "-", f"{prepared:.0f} ns", "-", "<= 1,000 ns")
        table.add_row(name + "the same", "hash strawman", f"{strawman:.0f} ns", f"{prepared / strawman:.2f}x", "<= 4x")
        table.add_row(
            name + "the same", "Cedar's engine", f"{cedar / 1e3:,.0f} us", f"1 : {cedar / prepared:,.0f}", ">= 5,000"
        )
        table.add_row(name + "from Python, bound", "-", f"{python:.0f} ns", "-", "<= 2,500 ns")
        table.add_row(name + "request read from JSON", "-", f"{float(row['from_json_ns']):.0f} ns", "-", "-")
        table.add_row(name + "load", "Cedar", f"{row['load_ms']} ms", "-", "<= 150 ms")
    table.add_row("10,000 against 100 policies", "prepared at 100", "-", f"{large / small:.2f}x", "<= 2x")


def sql(table: Table) -> None:
    oracle = ROOT.parent / "shared" / "oracles" / "sql" / "postgres_regress_tags.jsonl"
    bundled = ROOT / "tests" / "cases" / "command" / "behind" / "statements.jsonl"
    corpus = oracle if oracle.exists() else bundled
    ours = {row["name"]: row for row in lines(BUILD / "sql_work", corpus)}
    whole, join = ours["corpus"], ours["join"]
    source = "the regression suite" if corpus is oracle else "our tests"
    what = f"parse + facts, {whole['statements']:,} statements of {source}"
    figure = f"{whole['facts_ms']} ms against {whole['raw_ms']} ms"
    table.add_row(what, "bare raw parse", figure, f"{whole['ratio']}x", "<= 3x")
    figure = f"{whole['facts_p50_us']} us against {whole['raw_p50_us']} us"
    table.add_row("the same, p50 of each", "bare raw parse", figure, f"{whole['ratio_p50']}x", "-")
    fresh = f"p50 {join['fresh_p50_us']} us"
    table.add_row("three-table join, catalogue resolved", "-", fresh, "-", "p50 <= 15 us")
    table.add_row("the same, cached", "-", f"p50 {join['cached_p50_us']} us", "-", "p50 <= 1 us")
    for row in lines(sys.executable, HERE / "sql_rivals.py", corpus):
        what = f"all facts from Python, {row['statements']:,} statements"
        figure = f"{row['ours_ms']} ms against {row['theirs_ms']} ms"
        table.add_row(what, f"{row['name']}, tables only", figure, f"1 : {row['ratio']}", ">= 10")


BENCHMARKS = {"select": select, "own": own, "policy": policy, "sql": sql}


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = {name: run for name, run in BENCHMARKS.items() if wanted in name}
    if not chosen:
        raise SystemExit(f"no benchmark called {wanted!r}; there are {', '.join(BENCHMARKS)}")
    table = Table(
        "what", "baseline", "figure", "ratio", "target", title="libguard benchmarks (p50, interleaved in one run)"
    )
    for run in chosen.values():
        run(table)
    Console(width=150).print(table)


main()
