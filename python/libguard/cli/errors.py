"""Exit codes, and the one exception of this layer."""

from __future__ import annotations

from libguard.cli.text import visible

EXIT_DONE = 0
EXIT_REFUSED = 1  # the guard answered, and the answer is no (or: not yet)
EXIT_BROKEN = 2  # the command could not be carried out
EXIT_INTERRUPTED = 130
SENTENCE_CHARS_MAX = 1_000


class CliError(Exception):
    """A sentence for the person at the terminal: what is wrong, and what to do."""


def one_line(sentence: str) -> str:
    """Errors may quote what somebody wrote; it must not be able to move the cursor or fill the screen."""
    text = visible(" ".join(sentence.split()))
    return text if len(text) <= SENTENCE_CHARS_MAX else text[:SENTENCE_CHARS_MAX] + " ..."
