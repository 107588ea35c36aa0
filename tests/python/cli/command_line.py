"""What the tests of the command line share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REFUND = "UPDATE orders SET status = 'refunded', refunded_cents = ? WHERE id = ?"


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


QUERY = ("query", "--connection", "shop", "--account", "support-crew")


def process(*arguments: str | bytes, given: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """The same in a process of its own, for what only a process has: raw arguments and a real stdin."""
    return subprocess.run(
        [sys.executable, "-m", "libguard.cli", *arguments],
        input=given,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=60,
        check=False,
    )


def one_sentence(said: Said) -> bool:
    """What an error must look like: exit code 2, one line on stderr, nothing of Python in it."""
    lines = said.err.splitlines()
    return said.code == 2 and said.out == "" and len(lines) == 1 and lines[0].startswith("libguard: ")
