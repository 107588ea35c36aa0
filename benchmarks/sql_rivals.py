"""The same statements through ours, sqlglot and pglast, each from Python, taken in turns, pass by pass, in one process.

Ours answers with every fact as JSON text; the others only parse and name the tables. pglast's Python code is GPL-3: it
is a yardstick here, is installed for benchmarks alone (requirements/bench.txt) and is imported by nothing else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import sqlglot

from libguard import _native

try:
    import pglast
    from pglast.visitors import referenced_relations
except ImportError:
    pglast = None

STATEMENTS_MAX = 1_500
ROUNDS = 3


def statements(path: Path) -> list[str]:
    """An even sample of the corpus, each text once."""
    texts = list(dict.fromkeys(json.loads(line)["sql"] for line in path.read_text().splitlines()))
    step = max(1, len(texts) // STATEMENTS_MAX)
    return texts[::step]


def by_sqlglot(sql: str) -> object:
    trees = sqlglot.parse(sql, read="postgres")
    return [tree and [table.name for table in tree.find_all(sqlglot.exp.Table)] for tree in trees]


def by_pglast(sql: str) -> object:
    return referenced_relations(sql)


def best_us(call: Callable[[str], object], sql: str, best: float) -> float:
    began = time.perf_counter_ns()
    with contextlib.suppress(Exception):  # what it cannot read is answered too, and counts
        call(sql)
    return min(best, (time.perf_counter_ns() - began) / 1e3)


def main(path: Path) -> None:
    logging.disable(logging.CRITICAL)  # sqlglot warns of each command that it does not know
    texts = statements(path)
    lines = {text: json.dumps({"id": None, "sql": text}).encode() for text in texts}
    rivals: dict[str, Callable[[str], object]] = {"sqlglot": by_sqlglot}
    if pglast is not None:
        rivals["pglast"] = by_pglast
    best = {name: [1e12] * len(texts) for name in ("ours", *rivals)}
    for _ in range(ROUNDS):
        explain = _native.Explainer("postgres", b"").explain  # one that has not seen them
        calls = {"ours": lambda text, explain=explain: explain(lines[text]), **rivals}
        # In turns by whole passes: taken in turns by statements, each would find its caches full of the others' data.
        for name, call in calls.items():
            for at, text in enumerate(texts):
                best[name][at] = best_us(call, text, best[name][at])
    for name in rivals:
        ratios = sorted(theirs / ours for theirs, ours in zip(best[name], best["ours"], strict=True))
        row = {
            "name": name,
            "statements": len(texts),
            "ours_ms": round(sum(best["ours"]) / 1e3, 1),
            "theirs_ms": round(sum(best[name]) / 1e3, 1),
            "ratio": round(sum(best[name]) / sum(best["ours"]), 1),
            "ratio_p50": round(ratios[len(ratios) // 2], 1),
        }
        print(json.dumps(row), flush=True)


main(Path(sys.argv[1]))
