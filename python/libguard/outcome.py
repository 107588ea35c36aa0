"""The answer to a request: always one of five states, always with a code, a sentence and a record id."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from libguard.errors import Failed, InDoubt, NotCompleted, Pending, Refused, make_error
from libguard.values import Value, from_json

State = Literal["refused", "pending", "completed", "failed", "in_doubt"]
_STATES = frozenset(get_args(State))


@dataclass(frozen=True, slots=True)
class Column:
    """One result column. `data_class` and `operator` say why and how it is masked; both are empty when it is not."""

    name: str
    type: str = ""
    masked: bool = False
    data_class: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """Immutable. Rows and text are masked before they come here: what was masked cannot be had from this object."""

    state: State
    stage: str = ""
    code: str = ""
    reason: str = ""
    record: str = ""
    ticket: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()
    affected: int = 0
    truncated: bool = False
    result: str = ""
    risk: int = 0
    masked_counts: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))
    deciding: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sqlstate: str = ""

    @property
    def completed(self) -> bool:
        return self.state == "completed"

    @property
    def refused(self) -> bool:
        return self.state == "refused"

    @property
    def pending(self) -> bool:
        return self.state == "pending"

    @property
    def failed(self) -> bool:
        return self.state == "failed"

    @property
    def in_doubt(self) -> bool:
        return self.state == "in_doubt"

    @property
    def masked_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.masked)

    def dicts(self) -> list[dict[str, Value]]:
        """Rows by column name; of two columns with one name the later wins, so prefer `rows` when names repeat."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def or_raise(self) -> Outcome:
        """This outcome when it is completed; else Refused, Pending, Failed or InDoubt with the outcome inside."""
        if self.completed:
            return self
        raise _EXCEPTIONS[self.state](self)

    def __repr__(self) -> str:
        # Counts only: a repr ends up in logs and tracebacks, where even masked rows do not belong.
        parts = [self.state, *(part for part in (self.code, self.record, self.ticket) if part)]
        return f"<libguard.Outcome {' '.join(parts)}, {len(self.rows)} rows, {self.affected} affected>"


_EXCEPTIONS: dict[str, type[NotCompleted]] = {
    "refused": Refused,
    "pending": Pending,
    "failed": Failed,
    "in_doubt": InDoubt,
}


def from_native(text: str) -> Outcome:
    """Reads the core's JSON. Anything unexpected is an Error: an answer that cannot be read is never a completion."""
    try:
        return _read(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        sentence = "the core's answer could not be read; do the library and the Python package have one version?"
        raise make_error("internal", "outcome.unreadable", sentence) from None


def _read(data: dict[str, Any]) -> Outcome:
    if data["state"] not in _STATES:
        raise ValueError("unknown state")
    columns = tuple(_read_column(column) for column in data.get("columns", ()))
    return Outcome(
        state=data["state"],
        stage=data.get("stage", ""),
        code=data.get("code", ""),
        reason=data.get("reason", ""),
        record=data.get("record", ""),
        ticket=data.get("ticket", ""),
        columns=columns,
        rows=tuple(_read_row(row, columns) for row in data.get("rows", ())),
        affected=data.get("affected", 0),
        truncated=data.get("truncated", False),
        result=data.get("result", ""),
        risk=data.get("risk", 0),
        masked_counts=MappingProxyType(dict(data.get("masked_counts") or {})),
        deciding=tuple(data.get("deciding", ())),
        warnings=tuple(data.get("warnings", ())),
        sqlstate=data.get("sqlstate", ""),
    )


def _read_column(data: dict[str, Any]) -> Column:
    return Column(
        name=data["name"],
        type=data.get("type", ""),
        masked=data.get("masked", False),
        data_class=data.get("class", ""),
        operator=data.get("operator", ""),
    )


def _read_row(row: list[Any], columns: tuple[Column, ...]) -> tuple[Value, ...]:
    # A masked cell is never turned into a date: its text is a replacement, not a value of the column's type.
    return tuple(
        from_json(cell, "" if column.masked else column.type) for cell, column in zip(row, columns, strict=True)
    )
