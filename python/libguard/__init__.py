"""libguard guards what autonomous agents do, inside the process that does it.

    from libguard import Guard

    guard = Guard.open("guard.yaml")
    with guard.session(account="support-crew", purpose="ticket 4711") as session:
        outcome = session.query("shop", "SELECT name, email FROM customers WHERE id = ?", [7])
        print(outcome.rows if outcome.completed else outcome.reason)

A verdict is a value (`Outcome`); an `Error` means that something is broken or was called wrongly. Rows arrive masked.
This package never imports CrewAI: the adapter is `libguard.crewai`.
"""

from libguard.chain import Hop, current_hops, hop
from libguard.errors import Error, Failed, InDoubt, NotCompleted, Pending, Refused
from libguard.guard import Detector, Guard
from libguard.outcome import Column, Outcome
from libguard.session import Session, current_session
from libguard.tools import guarded
from libguard.values import Value

__all__ = [
    "Column",
    "Detector",
    "Error",
    "Failed",
    "Guard",
    "Hop",
    "InDoubt",
    "NotCompleted",
    "Outcome",
    "Pending",
    "Refused",
    "Session",
    "Value",
    "current_hops",
    "current_session",
    "guarded",
    "hop",
]
