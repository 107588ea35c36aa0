"""The hunt for the database's password, in everything that this process shows of itself without breaking into it."""

from __future__ import annotations

import gc
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from story import Play, looks_into

ERRORS = (
    "SELECT nothing FROM nowhere",
    "SELECT 1/0",
    "SELECT email::int FROM customers",
    "SELECT current_setting('no.such')",
    "not even SQL",
)
BYTES_MAX = 16 * 1024 * 1024


def hunt_for_the_password(play: Play) -> None:
    play.stage.step("The hunt for the database's password", "authenticate", "execute", "mask")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.disable(logging.NOTSET)
    logging.getLogger().addHandler(handler)
    try:
        places = _places(play)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.disable(logging.CRITICAL)
    places["log lines"] = log.getvalue().encode()
    # Only now is a password read, so that the hunt cannot find its own copy.
    objects = _texts_of_objects()
    plain_tool = play.plain
    control = _password(play, "shop_owner")
    control_places = [name for name, text in looks_into(plain_tool).items() if control in text]
    play.stage.say(f"control: the plain tool's own password is found in its {', '.join(control_places) or 'nothing'}")
    play.stage.claim("the hunt finds a password where there is one", bool(control_places))
    hits = []
    for role in ("guard_reader", "guard_writer"):
        needle = _password(play, role)
        hits += [f"{role} in {name}" for name, text in places.items() if needle in text]
        hits += [f"{role} in a Python object" for text in objects if needle in text]
    play.stage.say(f"looked through: {', '.join(sorted(places))}, and {len(objects)} texts of Python objects")
    for hit in hits:
        play.stage.say(hit, "bold red")
    play.stage.claim("neither of the guard's two passwords was found in any of them", not hits and bool(objects))


def _places(play: Play) -> dict[str, bytes]:
    places = {
        "environment": repr(dict(os.environ)).encode(),
        "/proc/self/environ": _bytes_of(Path("/proc/self/environ")),
        "/proc/self/cmdline": _bytes_of(Path("/proc/self/cmdline")),
        "arguments": repr(sys.argv).encode(),
    }
    places |= {f"tool: {name}": text for name, text in looks_into(play.guarded()).items()}
    places |= {f"guard: {name}": text for name, text in looks_into(play.guard).items()}
    with play.guard.session(account="support-crew", purpose="hunt") as session:
        told = [repr(session.query("shop", sql)) + session.query("shop", sql).reason for sql in ERRORS]
        places |= {f"session: {name}": text for name, text in looks_into(session).items()}
    places["error texts"] = "\n".join(told).encode()
    places["stats"] = repr(play.guard.stats()).encode()
    places["records and tickets"] = _bytes_beside(play.world.folder / "state")
    places["guard.yaml and policies"] = _bytes_of(play.world.config)
    return places


def _password(play: Play, role: str) -> bytes:
    return (play.world.folder / "passwords" / f"{role}.password").read_bytes()


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(BYTES_MAX)
    except OSError:
        return b""


def _bytes_beside(folder: Path) -> bytes:
    """Every file of a folder, read by another process: closing a SQLite file here would drop the locks that the guard,
    in this same process, holds on it (SQLite's "How To Corrupt", section 2.2)."""
    files = sorted(str(path) for path in folder.rglob("*") if path.is_file())
    return subprocess.run(["cat", *files], capture_output=True, timeout=30, check=False).stdout


def _texts_of_objects() -> list[bytes]:
    """Every text that a Python object holds: what `gc` knows, and what hangs on it directly."""
    gc.collect()
    texts: dict[int, bytes] = {}
    for thing in gc.get_objects():
        for held in _held(thing):
            if isinstance(held, str) and len(held) >= 16:
                texts.setdefault(id(held), held.encode("utf-8", "replace"))
            elif isinstance(held, bytes | bytearray) and len(held) >= 16:
                texts.setdefault(id(held), bytes(held))
    return list(texts.values())


def _held(thing: object) -> Iterable[object]:
    try:
        return gc.get_referents(thing)
    except Exception:
        return ()
