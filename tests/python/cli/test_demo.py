"""The demo observes what it claims, and says so when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parent.parent.parent.parent / "examples" / "demo" / "main.py"
pytestmark = pytest.mark.skipif(
    sys.modules["libguard._native"].__name__ == "fake_native", reason="the extension libguard._native is not built"
)


def demo(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(
        [sys.executable, str(DEMO), *arguments],
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def test_it_observes_every_claim():
    done = demo()
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "claims were observed" in done.stdout
    assert "NOT OBSERVED" not in done.stdout
    for words in ("DENIED", "orders: 7 rows -> 0 rows", "approved by dana", "approval.changed", "NOT INTACT"):
        assert words in done.stdout


def test_the_viewer_may_say_no():
    done = demo("--interactive", given="n\n")
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "Dana said no, and nothing was executed" in done.stdout


def test_the_viewer_may_type():
    done = demo("--try", given="SELECT name, email FROM customers\nDROP TABLE orders\nquit\n")
    assert done.returncode == 0
    assert "Mia Berger" in done.stdout
    assert "mia.berger@example.com" not in done.stdout
    assert "no-ddl" in done.stdout


def test_a_claim_that_is_not_observed_fails_the_demo(capsys):
    sys.path.insert(0, str(DEMO.parent))
    try:
        from stage import Stage
    finally:
        sys.path.remove(str(DEMO.parent))
    stage = Stage()
    stage.step("a step", "decide")
    stage.claim("this was seen", True)
    stage.claim("this was not", False)
    assert stage.closing() == 1
    assert "NOT OBSERVED: this was not" in capsys.readouterr().out
