"""A working set as `libguard init` writes it, and the command line as a function."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_line import QUERY, REFUND, Said


def _built() -> bool:
    return sys.modules["libguard._native"].__name__ != "fake_native"


@pytest.fixture
def cli(capfd):
    """Runs one command in this process."""
    from libguard.cli import main

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        code = main(list(arguments))
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    return run


@pytest.fixture
def shop(tmp_path, monkeypatch, cli) -> Path:
    if not _built():
        pytest.skip("the extension libguard._native is not built")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIBGUARD_CONFIG", raising=False)
    assert cli("init").code == 0
    return tmp_path


@pytest.fixture
def dana(shop, cli) -> Path:
    """A token of the person who may approve."""
    token = shop / "dana.token"
    made = cli("token", "issue", "--key-file", "keys/people.ed25519", "--subject", "dana", "--out", str(token))
    assert made.code == 0, made.err
    return token


@pytest.fixture
def ticket(shop, cli) -> str:
    asked = cli(*QUERY, REFUND, "--param", "48900", "--param", "1042", "--json")
    assert asked.code == 1
    return str(asked.json["ticket"])
