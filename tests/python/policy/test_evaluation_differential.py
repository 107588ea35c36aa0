"""Our parser, JSON forms and evaluation against Cedar's own, on random sets.

Longer runs: CASES=20000 SEED=7 pytest tests/python/policy
"""

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
import entity_cases  # noqa: E402
import evaluation_cases  # noqa: E402

from conftest import real_native  # noqa: E402

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

CASES = int(os.environ.get("CASES", "1500"))
SEED = int(os.environ.get("SEED", "1"))


def cedars_answers(line: dict[str, Any]) -> list[dict[str, Any]] | str:
    try:
        policies = cedarpy.PolicySet.from_str(line["policies"])
        if line["links"]:
            policies = policies.with_linked_batch(line["links"])
        entities = cedarpy.Entities.from_json_str(json.dumps(line["entities"]))
    except ValueError as error:
        return str(error)
    answers = []
    for case in line["cases"]:
        result = cedarpy.is_authorized(case["request"], policies, entities)
        diagnostics = result.diagnostics
        answers.append(
            {
                "decision": "allow" if result.allowed else "deny",
                "reason": sorted(diagnostics.reasons),
                "errors": sorted({policy_of(error) for error in diagnostics.errors}),
            }
        )
    return answers


def policy_of(error: str) -> str:
    """'error while evaluating policy `policy3`: ...'"""
    return error.split("`")[1]


def our_answers(line: dict[str, Any]) -> list[dict[str, Any]] | str:
    answer = json.loads(native.policy_eval(json.dumps(line), True))
    if "answers" not in answer:
        return str(answer["error"])
    return [
        {"decision": each["decision"], "reason": sorted(each["reason"]), "errors": sorted(each["errors"])}
        if "decision" in each
        else each
        for each in answer["answers"]
    ]


def test_decisions_reasons_and_errors_agree() -> None:
    different = []
    seen: dict[str, int] = {"allow": 0, "forbidden": 0, "errors": 0, "default": 0}
    for line in evaluation_cases.sets(SEED, CASES // 5):
        theirs, ours = cedars_answers(line), our_answers(line)
        if theirs != ours:
            different.append((line, theirs, ours))
        for answer in theirs if isinstance(theirs, list) else ():
            seen["errors"] += bool(answer["errors"])
            seen["allow" if answer["decision"] == "allow" else "forbidden" if answer["reason"] else "default"] += 1
    assert different == []
    assert min(seen.values()) > CASES // 50, seen  # the sets are worth asking


def accepts(text: str) -> bool:
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError:
        return False
    return True


def test_the_parsers_take_and_refuse_the_same_texts_and_read_them_alike() -> None:
    different = []
    taken = 0
    for text in evaluation_cases.texts(SEED, CASES * 2):
        theirs = accepts(text)
        ours = json.loads(native.policy_parse(json.dumps({"policies": text})))
        taken += theirs
        if theirs != ours["ok"]:
            different.append((text, theirs, ours.get("error")))
        elif theirs:
            expected = json.loads(cedarpy.policies_to_json_str(text))
            got = json.loads(native.policy_convert(json.dumps({"policies": text})))["json"]
            if got != expected:
                different.append((text, expected, got))
    assert different == []
    assert CASES // 10 < taken < CASES * 1.9


def test_a_formatted_text_means_what_it_meant() -> None:
    for text in evaluation_cases.texts(SEED + 1, CASES):
        if not accepts(text):
            continue
        for width in (40, 100):
            once = json.loads(native.policy_format(json.dumps({"policies": text, "width": width})))["policies"]
            again = json.loads(native.policy_format(json.dumps({"policies": once, "width": width})))["policies"]
            assert once == again
            assert json.loads(cedarpy.policies_to_json_str(once)) == json.loads(cedarpy.policies_to_json_str(text))


def by_schema(line: dict[str, Any]) -> dict[str, Any] | str:
    """What Cedar makes of entities and a request under a schema; "refused" when they do not keep to it."""
    try:
        schema = cedarpy.Schema.from_str(line["schema"])
        entities = cedarpy.Entities.from_json_str(json.dumps(line["entities"]), schema)
        result = cedarpy.is_authorized(line["cases"][0]["request"], line["policies"], entities, schema)
    except (ValueError, TypeError):
        return "refused"
    diagnostics = result.diagnostics
    if any(not error.startswith("error while evaluating") for error in diagnostics.errors):
        return "refused"
    errors = sorted({policy_of(error) for error in diagnostics.errors})
    return {"decision": "allow" if result.allowed else "deny", "reason": sorted(diagnostics.reasons), "errors": errors}


def test_entities_and_contexts_are_read_by_their_schema_as_cedar_reads_them() -> None:
    different = []
    refused = 0
    for line in entity_cases.lines(SEED, CASES):
        theirs = by_schema(line)
        answers = our_answers(line)
        ours = answers if isinstance(answers, str) else answers[0]
        if isinstance(ours, str) or "decision" not in ours:
            ours = "refused"
        refused += theirs == "refused"
        if theirs != ours:
            different.append((line, theirs, answers))
    assert different == []
    assert CASES // 10 < refused < CASES * 0.9
