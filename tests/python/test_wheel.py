"""The wheel that users install holds the extension and works away from the checkout."""

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

import libguard._native as native

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = 'import libguard._native as n, libguard; print(n.mask(\'{"id": 1, "text": "a@example.com"}\', \'label\'))'


def run(*command: object, cwd: pathlib.Path = ROOT, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False, timeout=1200, cwd=cwd, env=env
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.skipif(not (ROOT / "build").exists(), reason="nothing was built in this checkout")
def test_the_built_wheel_works(tmp_path: pathlib.Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", tmp_path, ".")
    wheel = next(tmp_path.glob("libguard-*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("libguard/_native.") and name.endswith(".so") for name in names)
    assert {"libguard/py.typed", "libguard/_native.pyi", "libguard/crewai/__init__.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    # -S: the editable install of this checkout must not answer in the wheel's place.
    answer = run(
        sys.executable, "-S", "-c", PROGRAM, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    )
    assert "<EMAIL_ADDRESS>" in answer


def test_the_extension_knows_nothing_of_this_machine() -> None:
    text = pathlib.Path(native.__file__).read_bytes()
    assert str(ROOT).encode() not in text
