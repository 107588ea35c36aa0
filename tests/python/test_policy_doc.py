"""The worked policies of docs/POLICY.md, each asked on a real shop what its table says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import real_native

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "POLICY.md"
CEDAR = re.compile(r"```cedar\n(.*?)```", re.DOTALL)


def sections() -> dict[str, str]:
    text = PAGE.read_text().split("## Twelve worked policies", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^### ", text, flags=re.MULTILINE)
    found = {"": parts[0]}
    for part in parts[1:]:
        title, _, body = part.partition("\n")
        found[title] = body
    return found


def rows(body: str) -> list[dict[str, str]]:
    lines = [line for line in body.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def shop(folder: Path, policy: str) -> None:
    subprocess.run([sys.executable, "-m", "libguard.cli", "init"], cwd=folder, check=True, capture_output=True)
    (folder / "policies" / "support.cedar").write_text(policy)


def ask(folder: Path, statements: list[str]) -> list[dict]:
    batch = "".join(
        json.dumps({"id": i, "sql": sql, "params": [1042] if "?" in sql else []}) + "\n"
        for i, sql in enumerate(statements)
    )
    command = [sys.executable, "-m", "libguard.cli", "explain", "--batch", "-", "--connection", "shop"]
    done = subprocess.run(
        [*command, "--as", "support-crew"],
        cwd=folder,
        input=batch,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["decision"] for line in done.stdout.splitlines()]


def test_there_are_twelve() -> None:
    assert len(sections()) == 13


@pytest.mark.parametrize("title", list(sections())[1:])
def test_the_table_is_true(tmp_path: Path, title: str) -> None:
    found = sections()
    common = CEDAR.findall(found[""])[0]
    (policy,) = CEDAR.findall(found[title])
    shop(tmp_path, common + policy)
    table = rows(found[title])
    assert table
    decisions = ask(tmp_path, [row["statement"].strip("`") for row in table])
    for row, decision in zip(table, decisions, strict=True):
        assert decision["verdict"] == row["verdict"], (row, decision)
        if row.get("by"):
            assert row["by"] in decision["deciding"], (row, decision)
        if "masked" in row and decision["verdict"] == "allow":
            assert ", ".join(decision["masked_classes"]) == row["masked"], (row, decision)
