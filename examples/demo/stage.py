"""What the viewer sees: steps, each with its place in the sentence, and claims that are either observed or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

SENTENCE = (
    "authenticate",
    "understand",
    "decide",
    "approve",
    "record the intent",
    "execute",
    "mask",
    "record the outcome",
)


class Stage:
    """Prints, and remembers every claim. Nothing that an agent or a database wrote is read as markup."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, emoji=False)
        if not self.console.is_terminal:
            self.console.width = 120
        self.steps = 0
        self.claims = 0
        self.unobserved: list[str] = []

    def opening(self, title: str, text: str) -> None:
        self.console.print()
        self.console.print(Panel(Text(text), title=Text(title, style="bold"), box=box.ROUNDED, padding=(0, 2)))

    def step(self, title: str, *places: str) -> None:
        """A numbered step. `places` are the words of the sentence at which it happens."""
        if unknown := set(places) - set(SENTENCE):
            raise ValueError(f"not in the sentence: {unknown}")
        self.steps += 1
        self.console.print()
        self.console.print(Text(f"{self.steps}  {title}", style="bold cyan"))
        if places:
            words = [Text(word, style="bold yellow" if word in places else "dim") for word in SENTENCE]
            self.console.print(Text("   ") + Text(" > ", style="dim").join(words), soft_wrap=True)

    def say(self, text: str | Text, style: str = "") -> None:
        self.console.print(Text("   ") + (text if isinstance(text, Text) else Text(text, style=style)))

    def quote(self, text: str, style: str = "dim") -> None:
        """What somebody else said, line by line, wrapped behind its bar."""
        grid = Table.grid(padding=0)
        grid.add_column(width=5)
        grid.add_column(overflow="fold")
        for line in text.rstrip("\n").split("\n"):
            grid.add_row(Text("   | ", style="dim"), Text(line, style=style))
        self.console.print(grid)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        made = Table(box=box.SIMPLE_HEAD, pad_edge=True, show_edge=False, padding=(0, 1))
        for name in columns:
            made.add_column(Text(name), overflow="fold", ratio=1)
        for row in rows:
            made.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
        self.console.print(made)

    def claim(self, sentence: str, observed: bool) -> None:
        """A promise, with what was really seen. One that was not seen makes the demo fail."""
        self.claims += 1
        if observed:
            self.console.print(Text("   ✓ ", style="bold green") + Text(sentence))
            return
        self.unobserved.append(sentence)
        self.console.print(Text("   ✗ NOT OBSERVED: ", style="bold red") + Text(sentence))

    def closing(self) -> int:
        self.console.print()
        if not self.unobserved:
            self.console.print(Text(f"All {self.claims} claims were observed.", style="bold green"))
            return 0
        self.console.print(Text(f"{len(self.unobserved)} of {self.claims} claims were NOT observed:", style="bold red"))
        for sentence in self.unobserved:
            self.console.print(Text(f"  {sentence}", style="red"))
        return 1
