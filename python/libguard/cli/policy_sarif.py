"""Findings and test results in the forms that CI systems read: SARIF 2.1.0 and JUnit XML."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_of(findings: list[dict[str, Any]], version: str) -> dict[str, Any]:
    codes = sorted({each["code"] for each in findings})
    driver = {"name": "libguard policy check", "version": version, "rules": [{"id": code} for code in codes]}
    results = [_result(each, codes) for each in findings]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "utf16CodeUnits"}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    text = finding["message"] + (f" Fix: {finding['fix']}" if finding["fix"] else "")
    result: dict[str, Any] = {
        "ruleId": finding["code"],
        "ruleIndex": codes.index(finding["code"]),
        "level": finding["severity"],
        "message": {"text": text},
    }
    if finding["file"] and finding["line"]:
        region: dict[str, Any] = {"startLine": finding["line"], "startColumn": finding["column"]}
        if finding.get("excerpt"):
            region["message"] = {"text": finding["excerpt"]}
        place = {"artifactLocation": {"uri": quote(finding["file"], safe="/:")}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    return result


def junit_of(found: dict[str, Any]) -> str:
    tests = found["tests"]
    suite = ElementTree.Element(
        "testsuite", name="libguard policy test", tests=str(len(tests)), failures=str(found["failed"]), errors="0"
    )
    for each in tests:
        case = ElementTree.SubElement(suite, "testcase", classname=_plain(each["file"]), name=_plain(each["name"]))
        if each["failures"]:
            failure = ElementTree.SubElement(case, "failure", message=_plain(each["failures"][0]))
            failure.text = _plain("\n".join(each["failures"]))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """XML 1.0 has no place for most control characters."""
    return "".join(each if each in "\t\n" or each >= " " else "?" for each in text)
