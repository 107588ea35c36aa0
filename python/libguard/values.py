"""Values on their way in and out: the small closed set that every backend shares (docs/RECORD_FORMAT.md).

JSON form: null, true, 1, 1.5, "text", {"$bytes": base64}, {"$decimal": "1.50"}, {"$real": "NaN"}.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

Value = None | bool | int | float | str | bytes | Decimal | date | datetime | time
JsonValue = None | bool | int | float | str | dict[str, str]

_INT64_MIN = -(2**63)
_INT64_MAX = 2**63 - 1
_REALS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_json(value: object) -> JsonValue:
    """The JSON form of a bind parameter. TypeError, without the value, for a type that no backend of ours binds."""
    if value is None or isinstance(value, (bool, str)):
        return value
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value)
    raise TypeError(f"a parameter of type {type(value).__name__} cannot be bound; pass text, a number, bytes or None")


def params_to_json(params: Sequence[object] | None) -> list[JsonValue]:
    """Positional parameters. A bare string is refused: it would silently bind one parameter a character."""
    if params is None:
        return []
    if isinstance(params, (str, bytes, bytearray)) or not isinstance(params, Sequence):
        raise TypeError("params must be a list or tuple of values, in the order of the placeholders")
    return [to_json(value) for value in params]


def from_json(value: Any, type_name: str = "") -> Value:
    """The Python value of one cell. Dates and times become objects where the column's type says so."""
    if isinstance(value, dict):
        return _from_tagged(value)
    if isinstance(value, str):
        return _from_text(value, type_name)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise ValueError("a cell is neither a scalar nor a tagged value")


def _from_tagged(value: dict[str, Any]) -> Value:
    if len(value) == 1:
        (tag, text), *_ = value.items()
        if tag == "$decimal" and isinstance(text, str):
            return Decimal(text)
        if tag == "$real" and text in _REALS:
            return _REALS[text]
        if tag == "$bytes" and isinstance(text, str):
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error:
                pass
    raise ValueError("a cell carries a tag that this version does not know")


def _from_text(text: str, type_name: str) -> Value:
    reader: Callable[[str], Value] | None = _READERS.get(type_name)
    if reader is None:
        return text
    try:
        return reader(text)
    except ValueError:
        return text  # "infinity", "0044-03-15 BC", or a mask: what cannot be read stays what the backend said


def _int_to_json(value: int) -> JsonValue:
    # Larger integers travel as exact decimals; the backend decides whether its column can hold them.
    return int(value) if _INT64_MIN <= value <= _INT64_MAX else {"$decimal": str(int(value))}


def _float_to_json(value: float) -> JsonValue:
    if math.isfinite(value):
        return float(value)
    if math.isnan(value):
        return {"$real": "NaN"}
    return {"$real": "Infinity" if value > 0 else "-Infinity"}


def _bytes_to_json(value: bytes | bytearray | memoryview) -> JsonValue:
    return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}


def _decimal_to_json(value: Decimal) -> JsonValue:
    return {"$decimal": f"{value:f}"} if value.is_finite() else _float_to_json(float(value))


# Read in order: a datetime is a date, too. Times are written as both backends read them.
_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], JsonValue]], ...] = (
    (int, _int_to_json),
    (float, _float_to_json),
    ((bytes, bytearray, memoryview), _bytes_to_json),
    (Decimal, _decimal_to_json),
    (datetime, lambda value: value.isoformat(sep=" ")),
    ((date, time), lambda value: value.isoformat()),
    (UUID, str),
)

_READERS: dict[str, Callable[[str], Value]] = {
    "timestamptz": datetime.fromisoformat,
    "timestamp with time zone": datetime.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamp without time zone": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "time without time zone": time.fromisoformat,
    "timetz": time.fromisoformat,
}
