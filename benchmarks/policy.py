"""Cedar's own engine (through cedarpy) and ours from Python, on the policies that policy_work writes.

cedarpy's own cost of crossing into its engine is measured with an empty policy set and taken off.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cedarpy

from libguard.policy import Engine

REQUESTS_MAX = 60  # Cedar's engine looks at every policy


def p50(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def best_ns(call: Callable[[], object], rounds: int, times: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter_ns()
        for _ in range(times):
            call()
        best = min(best, (time.perf_counter_ns() - began) / times)
    return best


def measure(folder: Path, count: int) -> dict[str, object]:
    policies = (folder / f"{count}.cedar").read_text()
    entities_text = (folder / f"{count}.entities.json").read_text()
    by_uid = {(one["uid"]["type"], one["uid"]["id"]): one for one in json.loads(entities_text)}
    requests = [json.loads(line) for line in (folder / f"{count}.requests.jsonl").read_text().splitlines()]
    began = time.perf_counter()
    theirs = cedarpy.PolicySet.from_str(policies)
    cedar_load_ms = (time.perf_counter() - began) * 1e3
    nothing = cedarpy.PolicySet.from_str("")
    ours = Engine(policies, entities_text)
    cedar_ns, crossing_ns, ours_ns = [], [], []
    for request in requests[:REQUESTS_MAX]:
        # Each request brings only its own entities, as a caller of Cedar would do it.
        needed, open_ = {}, [(request[part]["type"], request[part]["id"]) for part in ("principal", "resource")]
        while open_:
            uid = open_.pop()
            if uid in by_uid and uid not in needed:
                needed[uid] = by_uid[uid]
                open_ += [(parent["type"], parent["id"]) for parent in by_uid[uid]["parents"]]
        entities = cedarpy.Entities.from_json_str(json.dumps(list(needed.values())))
        asked = {part: request[part] for part in ("principal", "action", "resource", "context")}
        prepared = ours.prepare(request)
        answer = cedarpy.is_authorized(asked, theirs, entities)
        assert answer.allowed == prepared(), request
        times = 3 if count > 1_000 else 20
        cedar_ns.append(best_ns(lambda a=asked, e=entities: cedarpy.is_authorized(a, theirs, e), 3, times))
        crossing_ns.append(best_ns(lambda a=asked, e=entities: cedarpy.is_authorized(a, nothing, e), 3, 20))
        ours_ns.append(best_ns(prepared, 5, 200))
    return {
        "policies": count,
        "cedar_ns": p50(cedar_ns),
        "cedar_crossing_ns": p50(crossing_ns),
        "ours_from_python_ns": p50(ours_ns),
        "cedar_load_ms": cedar_load_ms,
    }


def main() -> None:
    build = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([build / "policy_work", "write", folder], check=True)
        gc.disable()
        for count in (100, 1_000, 10_000):
            print(json.dumps(measure(Path(folder), count)), flush=True)


main()
