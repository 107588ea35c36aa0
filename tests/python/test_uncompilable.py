"""Every way around the sentence is refused by the compiler (promises 1 to 5)."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "guard" / "uncompilable"
COMPILER = shutil.which("g++") or shutil.which("c++")
WAYS_AROUND = sorted(p.stem for p in FOLDER.glob("*.cpp") if p.stem != "control")


def compile_one(name: str) -> subprocess.CompletedProcess[str]:
    includes = [f"-I{ROOT}/libguard/include", f"-I{ROOT}/libguard/src"]
    command = [str(COMPILER), "-std=c++20", "-fsyntax-only", *includes, str(FOLDER / f"{name}.cpp")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler here")
def test_the_control_compiles() -> None:
    answer = compile_one("control")
    assert answer.returncode == 0, answer.stderr[:2000]


@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler here")
@pytest.mark.parametrize("name", WAYS_AROUND)
def test_a_way_around_does_not_compile(name: str) -> None:
    answer = compile_one(name)
    assert answer.returncode != 0, f"{name} compiles"
    reasons = ("private", "deleted", "no matching function", "no member named", "has no member")
    assert any(reason in answer.stderr for reason in reasons), answer.stderr[:2000]


def test_there_are_ways_around_to_try() -> None:
    assert len(WAYS_AROUND) >= 11
