"""Breakage (`Error`) and, for those who prefer exceptions, a verdict as one (`NotCompleted`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from libguard._native import Error

if TYPE_CHECKING:
    from libguard.outcome import Outcome

__all__ = ["Error", "Failed", "InDoubt", "NotCompleted", "Pending", "Refused", "make_error"]


def make_error(kind: str, code: str, sentence: str) -> Error:
    """An `Error` of this layer, in the shape of the core's own: `kind`, a stable `code`, a sentence without data."""
    error = Error(sentence)
    error.kind = kind
    error.code = code
    return error


class NotCompleted(Exception):
    """Raised by `Outcome.or_raise()`, never by the guard itself. `outcome` holds the whole answer."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason or outcome.code)
        self.outcome = outcome


class Refused(NotCompleted):
    """Not allowed; nothing reached the backend."""


class Pending(NotCompleted):
    """A person has been asked; not executed. `outcome.ticket` names the question."""


class Failed(NotCompleted):
    """Allowed and tried; the backend said no or broke, and nothing was changed."""


class InDoubt(NotCompleted):
    """The commit was sent and its answer never came; `outcome.record` says how to find out."""
