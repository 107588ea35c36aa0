"""Every example runs and says what its comments promise. They need the built extension."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import libguard
from conftest import real_native

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

PROMISES = {
    "first_guard.py": (["completed", "Mia", "refused"], ["mia@example.com"]),
    "approvals.py": (["pending", "dana: approved", "approval.changed", "completed 1 row", "refused"], []),
    "own_detector.py": (["completed", "is late"], ["ORD-100234", "mia@example.com"]),
    "crewai_support_desk.py": (
        ["run_sql: ", "DENIED", "add_note: noted: call", "has been looked up"],
        ["mia@example.com"],
    ),
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_example(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(libguard.__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, unsaid = PROMISES[name]
    assert [words for words in said if words not in done.stdout] == [], done.stdout
    assert [words for words in unsaid if words in done.stdout + done.stderr] == []
    assert list(tmp_path.iterdir()) == []
