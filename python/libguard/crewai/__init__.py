"""The CrewAI adapter (`pip install 'libguard[crewai]'`).

Enforcement happens inside the tool itself; CrewAI's hooks, which fail open, only add identity, coverage and abort.
"""

from libguard.crewai.errors import GuardBypassed, RunPendingApproval
from libguard.crewai.guarded_tool import GuardedTool, guard_tool, guarded_tool
from libguard.crewai.hooks import install, uninstall
from libguard.crewai.protect import protect
from libguard.crewai.sql_tool import GuardedSQLTool

__all__ = [
    "GuardBypassed",
    "GuardedSQLTool",
    "GuardedTool",
    "RunPendingApproval",
    "guard_tool",
    "guarded_tool",
    "install",
    "protect",
    "uninstall",
]
