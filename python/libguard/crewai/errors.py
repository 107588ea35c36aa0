"""What stops a whole run. Both are HookAborted: the only exception of a hook that CrewAI does not swallow."""

from __future__ import annotations

from crewai.hooks.dispatch import HookAborted

from libguard.outcome import Outcome

SOURCE = "libguard"


class RunPendingApproval(HookAborted):
    """`on_pending="abort"`: the run ended because an action waits for a person. Not executed.

    Approve `ticket`, then call `session.resume(ticket)` or start the crew again.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.reason} Waiting for approval of ticket {outcome.ticket}.", source=SOURCE)
        self.outcome = outcome
        self.ticket = outcome.ticket


class GuardBypassed(HookAborted):
    """A guarded tool gave an answer although the guard never ran: something answered in its place, such as a cache."""

    def __init__(self, tool: str, how: str) -> None:
        super().__init__(f"the tool {tool} answered without the guard: {how}. The run was stopped.", source=SOURCE)
