"""Exit codes, and the one exception of this layer."""

from __future__ import annotations

import re

from libguard.cli.text import visible

EXIT_DONE = 0
EXIT_REFUSED = 1  # the guard answered, and the answer is no (or: not yet)
EXIT_BROKEN = 2  # the command could not be carried out
EXIT_INTERRUPTED = 130
SENTENCE_CHARS_MAX = 1_000
# As the core writes it: the number of the line and the line, and below a caret. Nothing else can look like it.
EXCERPT = re.compile(r"\n( +\d+ \| [^\n]*\n +\|  *\^)")


class CliError(Exception):
    """A sentence for the person at the terminal: what is wrong, and what to do."""


def with_excerpt(sentence: str) -> str:
    """An error that shows the line it speaks of, with a caret below: those two stay lines, all else is one."""
    found = EXCERPT.search(sentence)
    if found is None:
        return one_line(sentence)
    shown = [visible(line)[:SENTENCE_CHARS_MAX] for line in found.group(1).split("\n")]
    return "\n".join([one_line(sentence[: found.start()] + sentence[found.end() :]), *shown])


def one_line(sentence: str) -> str:
    """Errors may quote what somebody wrote; it must not be able to move the cursor or fill the screen."""
    text = visible(" ".join(sentence.split()))
    return text if len(text) <= SENTENCE_CHARS_MAX else text[:SENTENCE_CHARS_MAX] + " ..."
