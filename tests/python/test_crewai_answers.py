"""What a model reads: every state says whether anything ran and what to do now, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from libguard import Column, Outcome
from libguard.crewai.answers import broken, failure, rows_text, sentence
from libguard.errors import make_error


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (
            Outcome(
                "refused", reason="DELETE on orders would touch every row", deciding=("no-blind-dml",), record="r-01J9"
            ),
            "DENIED by no-blind-dml: DELETE on orders would touch every row. "
            "Final for this statement, do not rephrase it. (record r-01J9)",
        ),
        (
            Outcome("refused", reason="no-ddl forbids it.", deciding=("no-ddl",)),
            "DENIED: no-ddl forbids it. Final for this statement, do not rephrase it.",
        ),
        (
            Outcome("refused", reason="DENIED by no-ddl: no. Final for this statement, do not rephrase it."),
            "DENIED by no-ddl: no. Final for this statement, do not rephrase it.",
        ),
        (
            Outcome("refused", code="policy.default_deny"),
            "DENIED: policy.default_deny. Final for this statement, do not rephrase it.",
        ),
        (
            Outcome("pending", reason="refunding needs one approval from finance", ticket="t-7Q2K"),
            "PENDING: refunding needs one approval from finance. NOT EXECUTED; do not call again in this run; "
            "report ticket t-7Q2K.",
        ),
        (
            Outcome(
                "pending",
                reason="needs approval: finance. NOT EXECUTED; do not call again in this run; report ticket t-1.",
                ticket="t-1",
            ),
            "PENDING: needs approval: finance. NOT EXECUTED; do not call again in this run; report ticket t-1.",
        ),
        (
            Outcome("failed", reason="the database refused the statement", sqlstate="42P01", record="r-1"),
            "FAILED [42P01]: the database refused the statement. Nothing was changed. (record r-1)",
        ),
        (
            Outcome("in_doubt", reason="the answer to COMMIT never came", record="r-1"),
            "IN DOUBT: the answer to COMMIT never came. It may or may not have happened; do not repeat it, report it. "
            "(record r-1)",
        ),
    ],
)
def test_sentences(outcome, text):
    assert sentence(outcome) == text
    assert failure(outcome).message == text
    assert failure(outcome).details["state"] == outcome.state
    assert failure(outcome).code is None


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("invalid", "DENIED: x. Nothing ran."),
        ("internal", "FAILED: x. It may or may not"),
        ("in_doubt", "FAILED: x. It may or may not"),
    ],
)
def test_an_error_says_whether_anything_ran(kind, start):
    assert broken(make_error(kind, "some.code", "x.")).message.startswith(start)


def test_rows_are_compact_and_plain():
    outcome = Outcome(
        "completed",
        columns=(Column("a"), Column("a", masked=True, operator="label"), Column("b", masked=True, data_class="pii.b")),
        rows=((Decimal("1.50"), b"\x00", float("nan")), (datetime(2026, 1, 2, tzinfo=UTC), None, "ä")),
        truncated=True,
    )
    told = json.loads(rows_text(outcome))
    assert told["columns"] == ["a", "a", "b"]
    assert told["rows"] == [["1.50", "base64:AA==", "nan"], ["2026-01-02T00:00:00+00:00", None, "ä"]]
    assert told["masked"] == {"a": "label", "b": "pii.b"}
    assert "Only the first 2 rows are shown" in told["note"]


def test_a_write_tells_its_count():
    assert rows_text(Outcome("completed", affected=3)) == '{"affected": 3}'
