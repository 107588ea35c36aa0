"""Batch doors: JSON lines in, one answer line each, in order. A bad line is answered, and the rest goes on."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any

from libguard.cli.errors import CliError

LINE_BYTES_MAX = 16 * 1024 * 1024  # what the core's own JSON reader takes; a longer line must not fill the memory

Answer = Callable[[bytes], str]


class LineError(Exception):
    """Why one line has no answer."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def run_batch(path: str, answer: Answer) -> None:
    """Answers every line of a file, or of stdin (`-`), where each answer is flushed before the next line is read."""
    streaming = path == "-"
    out = sys.stdout.buffer
    with _source(path) as source:
        for line in _lines(source):
            out.write(_answered(line, answer).encode("utf-8", "replace") + b"\n")
            if streaming:
                out.flush()
    out.flush()


def error_line(line_id: Any, code: str, message: str) -> str:
    return json.dumps({"id": line_id, "error": {"code": code, "message": message}}, separators=(",", ":"))


def read_line(line: bytes) -> dict[str, Any]:
    """One line as an object. Strict as the core is: no member twice, no NaN, no number that Python would round away."""
    try:
        data = json.loads(line.decode("utf-8"), object_pairs_hook=_members, parse_constant=_constant, parse_float=_real)
    except UnicodeDecodeError:
        raise LineError("batch.malformed", "the line is not UTF-8") from None
    except (ValueError, RecursionError):
        raise LineError("batch.malformed", "the line is not JSON, or holds a member twice") from None
    if not isinstance(data, dict):
        raise LineError("batch.malformed", "a line is a JSON object")
    if b"\\u" in line and not _is_text(data):
        raise LineError("batch.malformed", "the line holds half of a surrogate pair, which is no text")
    return data


def _is_text(data: dict[str, Any]) -> bool:
    try:
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _answered(line: bytes | None, answer: Answer) -> str:
    if line is None:
        return error_line(None, "batch.too_long", f"the line is longer than {LINE_BYTES_MAX} bytes")
    try:
        return answer(line)
    except LineError as error:
        return error_line(_id_of(line), error.code, str(error))
    except Exception as error:
        code = getattr(error, "code", "")
        if isinstance(code, str) and code and getattr(error, "kind", ""):
            return error_line(_id_of(line), code, str(error))
        # The text of an unforeseen exception could hold a value.
        return error_line(_id_of(line), "guard.internal", "something broke inside the guard")


def _id_of(line: bytes) -> Any:
    try:
        return read_line(line).get("id")
    except LineError:
        return None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _constant(_: str) -> float:
    raise ValueError("not JSON")


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("out of range")
    return value


@contextlib.contextmanager
def _source(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        if sys.stdin is None:
            raise CliError("there is no stdin to read lines from")
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise CliError(f"the batch file {path} cannot be read: {reason}") from None
    with file:
        yield file


def _lines(source: IO[bytes]) -> Iterator[bytes | None]:
    """Lines without their end; None for one that is too long, whose rest is passed over without being kept."""
    while line := source.readline(LINE_BYTES_MAX + 2):
        if line.endswith(b"\n"):
            line = line[:-1].removesuffix(b"\r")
        elif len(line) > LINE_BYTES_MAX:
            while (rest := source.readline(1024 * 1024)) and not rest.endswith(b"\n"):
                pass
        yield line if len(line) <= LINE_BYTES_MAX else None
