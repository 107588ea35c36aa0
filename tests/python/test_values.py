"""Values in and out: exact, typed, and refusing what cannot be bound."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libguard.values import from_json, params_to_json, to_json


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**63, {"$decimal": "9223372036854775808"}),
        (-(2**63) - 1, {"$decimal": "-9223372036854775809"}),
        (1.5, 1.5),
        (math.nan, {"$real": "NaN"}),
        (-math.inf, {"$real": "-Infinity"}),
        ("ä", "ä"),
        (b"\x00\xff", {"$bytes": "AP8="}),
        (bytearray(b"a"), {"$bytes": "YQ=="}),
        (Decimal("1.50"), {"$decimal": "1.50"}),
        (Decimal("1E+3"), {"$decimal": "1000"}),
        (Decimal("NaN"), {"$real": "NaN"}),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02 03:04:00+00:00"),
        (time(3, 4), "03:04:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_parameters(value, expected):
    assert to_json(value) == expected


@pytest.mark.parametrize("value", [object(), [1], {"$bytes": "AA=="}, {1}, 1j, lambda: None])
def test_other_types_are_refused_without_their_value(value):
    with pytest.raises(TypeError) as refused:
        to_json(value)
    assert str(value) not in str(refused.value)


@pytest.mark.parametrize("params", ["text", b"bytes", {"a": 1}, 7, iter([1])])
def test_params_must_be_a_sequence(params):
    with pytest.raises(TypeError):
        params_to_json(params)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary(), st.decimals(allow_nan=False)))
def test_what_goes_in_comes_out(value):
    if isinstance(value, Decimal) and not value.is_finite():
        return
    back = from_json(to_json(value))
    assert back == value


@pytest.mark.parametrize(
    ("cell", "type_name", "expected"),
    [
        ("2026-01-02 03:04:05+00", "timestamptz", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02", "date", date(2026, 1, 2)),
        ("infinity", "timestamptz", "infinity"),
        ("2026-01-02", "text", "2026-01-02"),
        ({"$decimal": "1.50"}, "numeric", Decimal("1.50")),
    ],
)
def test_cells(cell, type_name, expected):
    assert from_json(cell, type_name) == expected


@pytest.mark.parametrize("cell", [{"$bytes": "not base64!"}, {"$new": "1"}, {"$real": "x"}, {}, [1], {"$decimal": 1}])
def test_a_cell_that_is_not_understood_is_an_error(cell):
    with pytest.raises((ValueError, ArithmeticError)):
        from_json(cell)
