"""The one console, and the few shapes that pages are made of."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from libguard.cli.text import visible

PIPE_WIDTH = 160  # where no terminal says how wide it is
LABEL_WIDTH = 12


@functools.cache
def console(stderr: bool = False) -> Console:
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made


def line(text: str | Text, style: str = "") -> None:
    """One line that is never wrapped or cut, so that it can be piped."""
    shown = text if isinstance(text, Text) else Text(visible(text), style=style)
    console().print(shown, soft_wrap=True)


def complain(sentence: str) -> None:
    console(stderr=True).print(Text(f"libguard: {visible(sentence)}"), soft_wrap=True)


def pairs(rows: Iterable[tuple[str, str | Text]]) -> None:
    """`name   value`, names aligned, values without hidden characters."""
    for name, value in rows:
        shown = value if isinstance(value, Text) else Text(visible(value))
        label = Text(f"{visible(name):<{LABEL_WIDTH}}", style="dim")
        console().print(label + shown, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Iterable[int] = ()) -> None:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    aligned = set(right)
    for index, name in enumerate(columns):
        made.add_column(
            Text(visible(name)), justify="right" if index in aligned else "left", overflow="fold", no_wrap=False
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row))
    console().print(made)


def risk_text(risk: Any, parts: Iterable[dict[str, Any]]) -> str:
    """86 = 40 write in prod + 38 every row of a table; each part's sentence begins with its own points."""
    named = [str(part["why"]).removeprefix("+") for part in parts]
    return f"{risk} = {' + '.join(named)}" if named else str(risk)


def verdict_text(word: str) -> Text:
    styles = {
        "allow": "green",
        "completed": "green",
        "approved": "green",
        "refuse": "red",
        "refused": "red",
        "deny": "red",
        "denied": "red",
        "failed": "red",
        "pending": "yellow",
        "ask": "yellow",
        "open": "yellow",
        "in_doubt": "bold yellow",
    }
    return Text(visible(word), style=styles.get(word, ""))
