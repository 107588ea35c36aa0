"""Shared set-up: the package from the source tree when it is not installed, and no network for CrewAI."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("CREWAI_DISABLE_TELEMETRY", "true")
os.environ.setdefault("CREWAI_DISABLE_TRACKING", "true")
os.environ.setdefault("OTEL_SDK_DISABLED", "true")
os.environ.setdefault("CREWAI_TRACING_ENABLED", "false")
os.environ.setdefault("CREWAI_TESTING", "true")

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# The C++ sources lie in a folder of the same name, which Python takes for a namespace package without an origin.
_spec = importlib.util.find_spec("libguard")
if _spec is None or _spec.origin is None:
    sys.path.insert(0, str(HERE.parent.parent / "python"))
try:
    importlib.import_module("libguard._native")
except ModuleNotFoundError:
    import fake_native

    for name in [name for name in sys.modules if name.partition(".")[0] == "libguard"]:
        del sys.modules[name]
    sys.modules["libguard._native"] = fake_native  # type: ignore[assignment]


def pytest_configure(config: pytest.Config) -> None:
    # CrewAI reads deprecated fields of its own; that is not ours to mend.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:crewai.*")


def real_native() -> bool:
    """True when the extension is built; tests of the whole guard need it, tests of the adapter do not."""
    return sys.modules["libguard._native"].__name__ != "fake_native"


@pytest.fixture
def native():
    """The fake core, with everything that was asked of it."""
    import fake_native

    return fake_native.Guard()


@pytest.fixture
def guard(native):
    from libguard import Guard

    return Guard(native)


@pytest.fixture
def session(guard):
    with guard.session(account="support-crew", user="dana@example.com", purpose="ticket 4711") as opened:
        yield opened
