"""`libguard ...` as somebody else at another terminal would type it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SECONDS_MAX = 60


@dataclass(frozen=True)
class Said:
    code: int
    text: str


def libguard(*arguments: str, folder: Path) -> Said:
    """Runs one command in `folder`; what it prints, errors included, and its exit code."""
    command = [sys.executable, "-m", "libguard.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    return Said(done.returncode, (done.stdout + done.stderr).strip())


def dana_votes(op: str, ticket: str, config: Path, elsewhere: Path) -> Said:
    """Dana makes a token with the key that only people have, and says yes or no with it."""
    token = elsewhere / "dana.token"
    if not token.exists():
        key = str(elsewhere / "people.ed25519")
        made = libguard("token", "issue", "--key-file", key, "--subject", "dana", "--out", str(token), folder=elsewhere)
        if made.code != 0:
            return made
    return libguard("approvals", op, ticket, "--token-file", str(token), "--config", str(config), folder=elsewhere)
