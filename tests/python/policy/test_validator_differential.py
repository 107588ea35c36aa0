"""Our validator against Cedar's own, on random schemas and policies. Longer runs: CASES=20000 SEED=7 pytest ..."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

cedarpy = pytest.importorskip("cedarpy")
native = pytest.importorskip("libguard._native")

sys.path.insert(0, str(Path(__file__).parent))
import validator_cases  # noqa: E402

CASES = int(os.environ.get("CASES", "1500"))
SEED = int(os.environ.get("SEED", "1"))


def cedars_verdict(schema: Any, policies: str) -> str:
    """valid | invalid | schema | syntax, as Cedar says."""
    try:
        if isinstance(schema, str):
            handle = cedarpy.Schema.from_str(schema)
        else:
            handle = cedarpy.Schema.from_json_str(json.dumps(schema))
    except ValueError:
        return "schema"
    result = cedarpy.validate_policies(policies, handle)
    if any("parse error" in error.error.lower() for error in result.errors):
        return "syntax"
    return "valid" if result else "invalid"


def our_verdict(case: dict[str, Any]) -> str:
    answer = json.loads(native.policy_validate(json.dumps(case)))
    if "error" in answer:
        return {"schema.malformed": "schema", "policy.syntax": "syntax"}[answer["error"]["code"]]
    return "valid" if answer["valid"] else "invalid"


def test_verdicts_agree_on_random_policies_and_schemas() -> None:
    different = []
    for case in validator_cases.cases(SEED, CASES):
        theirs = cedars_verdict(case["schema"], case["policies"])
        if our_verdict(case) != theirs:
            different.append((theirs, case))
    assert different == []


def test_the_json_form_gives_the_same_verdicts_and_mutated_ones_too() -> None:
    different = []
    for case in validator_cases.json_cases(SEED, CASES // 4, lambda text: native.policy_schema_convert(text, True)):
        theirs = cedars_verdict(case["schema"], case["policies"])
        if our_verdict(case) != theirs:
            different.append((theirs, case))
    assert different == []


def test_the_text_form_can_be_written_back() -> None:
    for case in validator_cases.cases(SEED + 1, CASES // 10):
        first = json.loads(native.policy_schema_convert(case["schema"], True))
        if not first["ok"]:
            continue
        text = json.loads(native.policy_schema_convert(json.dumps(first["schema"]), False))
        assert text["ok"], text
        assert cedars_verdict(text["schema"], case["policies"]) == cedars_verdict(case["schema"], case["policies"])
        assert json.loads(native.policy_schema_convert(text["schema"], True)) is not None
