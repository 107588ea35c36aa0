"""What turns a policy file from a hope into something tested; docs/POLICY_TOOLS.md has every member of the answers.

None of these functions writes anything: not to a database, not to the audit log, not to a store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from libguard import _native

JsonObject = dict[str, Any]
Path = str | os.PathLike[str]

__all__ = ["check", "diff", "explain", "learn", "replay", "run_tests", "simulate"]


def check(
    config: Path = "guard.yaml", *, catalogues: Mapping[str, Path] | None = None, live: bool = False
) -> JsonObject:
    """Findings of the lints: {findings: [{code, severity, policy, file, line, column, message, fix}], counts}."""
    return _ask(_native.policy_check, _base(config, catalogues, live))


def run_tests(
    files: Sequence[Path],
    config: Path = "guard.yaml",
    *,
    catalogues: Mapping[str, Path] | None = None,
    live: bool = False,
    mutate: bool = False,
) -> JsonObject:
    """Runs YAML policy tests: {tests, passed, failed, coverage, mutants?}."""
    request = _base(config, catalogues, live) | {"files": [os.fspath(file) for file in files], "mutate": mutate}
    return _ask(_native.policy_test, request)


def explain(
    account: str,
    *,
    sql: str = "",
    connection: str = "",
    params: Sequence[object] = (),
    tool: str = "",
    args: Mapping[str, object] | None = None,
    user: str = "",
    approvals: int = 0,
    groups: Sequence[str] = (),
    config: Path = "guard.yaml",
    catalogues: Mapping[str, Path] | None = None,
    live: bool = False,
) -> JsonObject:
    """Every question that one action puts to the policies, and the verdict: {decision, command, questions}.

    approvals, groups: as if so many people had said yes, and the stages of these groups were full.
    """
    request = _base(config, catalogues, live) | {"as": account, "user": user, "on": connection}
    return _ask(_native.policy_explain, request | _action(sql, params, tool, args, approvals, groups))


def simulate(
    account: str,
    *,
    sql: str = "",
    connection: str = "",
    params: Sequence[object] = (),
    tool: str = "",
    args: Mapping[str, object] | None = None,
    user: str = "",
    approvals: int = 0,
    groups: Sequence[str] = (),
    config: Path = "guard.yaml",
    catalogues: Mapping[str, Path] | None = None,
    live: bool = False,
) -> JsonObject:
    """The verdict alone: {decision, as, on}."""
    request = _base(config, catalogues, live) | {"as": account, "user": user, "on": connection}
    return _ask(_native.policy_simulate, request | _action(sql, params, tool, args, approvals, groups))


def replay(
    against: Path | None = None,
    config: Path = "guard.yaml",
    *,
    audit: Path | None = None,
    since: str = "",
    sessions: Sequence[str] = (),
) -> JsonObject:
    """Recorded history before another set (a guard.yaml, a policy file or a folder of them)."""
    request = _base(config, None, False) | {"since": since, "sessions": list(sessions)}
    return _ask(_native.policy_replay, request | _named(against=against, audit=audit))


def diff(
    new: Path,
    old: Path | None = None,
    config: Path = "guard.yaml",
    *,
    catalogues: Mapping[str, Path] | None = None,
    live: bool = False,
    history: bool = False,
) -> JsonObject:
    """Which requests two sets answer differently: {asked, differ, groups, cut, not_decided, history?}."""
    request = _base(config, catalogues, live) | {"history": history}
    return _ask(_native.policy_diff, request | _named(new=new, old=old))


def learn(
    config: Path = "guard.yaml",
    *,
    audit: Path | None = None,
    since: str = "",
    sessions: Sequence[str] = (),
    catalogues: Mapping[str, Path] | None = None,
    live: bool = False,
) -> JsonObject:
    """The least set that recorded history needs: {cedar, policies, unused, ...}."""
    request = _base(config, catalogues, live) | {"since": since, "sessions": list(sessions)}
    return _ask(_native.policy_learn, request | _named(audit=audit))


def _base(config: Path, catalogues: Mapping[str, Path] | None, live: bool) -> JsonObject:
    named = {name: os.fspath(path) for name, path in (catalogues or {}).items()}
    return {"config": os.fspath(config), "catalogues": named, "live": live}


def _action(  # noqa: PLR0917
    sql: str,
    params: Sequence[object],
    tool: str,
    args: Mapping[str, object] | None,
    approvals: int,
    groups: Sequence[str],
) -> JsonObject:
    asked: JsonObject = {"approvals": approvals, "groups": list(groups)}
    return asked | ({"sql": sql, "params": list(params)} if sql else {"tool": tool, "args": dict(args or {})})


def _named(**paths: Path | None) -> JsonObject:
    return {name: os.fspath(path) for name, path in paths.items() if path is not None}


def _ask(door: Any, request: JsonObject) -> JsonObject:
    return dict(json.loads(door(json.dumps(request))))
