"""The guard of this process: one configuration, its connections, policies, approvals and records. Thread-safe."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Protocol, Self, Unpack

from libguard import _native
from libguard.errors import make_error
from libguard.outcome import Outcome
from libguard.session import Details, Session, current_session

Proof = str | Callable[[], str]
JsonObject = dict[str, Any]


class Detector(Protocol):
    """A value detector of your own. `find` returns (start, end) in code points, end exclusive, on any thread."""

    entity: str

    def find(self, text: str) -> list[tuple[int, int]]: ...


class Guard:
    """`Guard.open("guard.yaml")`. Shows nothing of its configuration: not by repr, vars, json or pickle."""

    __slots__ = ("__weakref__", "_native")

    def __init__(self, native: _native.Guard) -> None:
        self._native = native

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Guard:
        """Reads a configuration; absent: ./guard.yaml, else the file that LIBGUARD_CONFIG names.

        Raises Error(configuration, ...) with file, line and path of whatever is wrong: a guard never starts half.
        """
        return cls(_native.Guard.open(_config_path(path)))

    def reload(self) -> str:
        """Swaps in the configuration as it is now on disk, whole; returns the new snapshot's hash.

        When it cannot be used the old one stays in force and the Error says what is wrong.
        """
        return str(json.loads(self._native.reload())["snapshot"])

    def session(
        self,
        *,
        token: Proof | None = None,
        key: Proof | None = None,
        account: str | None = None,
        user: str = "",
        purpose: str = "",
    ) -> Session:
        """Authenticates a caller. Exactly one of:

        token    a signed token, or a callable that returns a fresh one (called again when the old one runs out)
        key      a static service key, or such a callable
        account  a local account of guard.yaml: asserted by this process, recorded as such, never a person

        `user` names whom the account acts for; as an assertion it can only narrow what is allowed.
        Raises Error(invalid, "identity.*") when the caller is not accepted.
        """
        given = {"token": token, "key": key, "account": account}
        named = [name for name, value in given.items() if value is not None]
        if len(named) != 1:
            raise make_error("invalid", "session.proof", "give exactly one of token=, key= and account=")
        proof = given[named[0]]
        renew = _renewer(proof) if callable(proof) else None
        told = {"user": user, "purpose": purpose}
        return self._open_session({named[0]: renew() if renew is not None else str(proof)}, told, renew)

    def _open_session(self, proof: dict[str, str], told: Mapping[str, str], renew: Callable[[], str] | None) -> Session:
        spec = proof | {name: text for name, text in told.items() if text}
        return Session(self, self._native.session(json.dumps(spec), renew))

    def query(
        self, connection: str, sql: str, params: Sequence[object] | None = None, **details: Unpack[Details]
    ) -> Outcome:
        """`Session.query` of the current session."""
        return current_session(self).query(connection, sql, params, **details)

    def explain(self, sql: str, connection: str, *, account: str = "") -> JsonObject:
        """What a statement would do and, for an account, what policy says of it. Nothing runs, nobody is asked."""
        return _read(self._native.explain(json.dumps({"id": "1", "sql": sql}), connection, account))

    def catalogue(self, connection: str) -> JsonObject:
        """The schema that statements of this connection are understood against."""
        return _read(self._native.catalogue(connection))

    def approvals(self, *, all: bool = False) -> list[JsonObject]:
        """Open tickets, or all of them, each as its approver sees it."""
        return list(json.loads(self._native.approvals(json.dumps({"op": "list", "all": all}))))

    def approval(self, ticket: str) -> JsonObject:
        """One ticket; Error(invalid, "approval.unknown") when there is none of that id."""
        return _read(self._native.approvals(json.dumps({"op": "show", "ticket": ticket})))

    def approve(self, ticket: str, *, token: str | None = None, key: str | None = None, note: str = "") -> JsonObject:
        """Says yes; an approver presents a token or key of their own, for a name is not enough.

        Returns {accepted, code, reason, state}: a vote that does not count is an answer, not an exception.
        """
        return self._vote("approve", ticket, token, key, note)

    def deny(self, ticket: str, *, token: str | None = None, key: str | None = None, note: str = "") -> JsonObject:
        """Says no, finally."""
        return self._vote("deny", ticket, token, key, note)

    def revoke(self, ticket: str, *, token: str | None = None, key: str | None = None) -> JsonObject:
        """Takes an approval back, as long as it has not been used."""
        return self._vote("revoke", ticket, token, key, "")

    def _vote(self, op: str, ticket: str, token: str | None, key: str | None, note: str) -> JsonObject:
        if (token is None) == (key is None):
            raise make_error("invalid", "approval.proof", "an approver presents exactly one of token= and key=")
        vote = {"op": op, "ticket": ticket, "note": note}
        vote |= {"token": token or ""} if token is not None else {"key": key or ""}
        return _read(self._native.vote(json.dumps(vote)))

    def budgets(self) -> list[JsonObject]:
        """What is counted now of the budgets that outlive a session: {budget, name, calls, rows, bytes, writes, spend}.

        Only counters that some policy reads are kept; `libguard budgets reset` sets them back, as a person.
        """
        return list(json.loads(self._native.budgets(json.dumps({"op": "show"}))))

    def add_detector(self, detector: Detector) -> None:
        """Adds a value detector to the text that leaves this guard. One that raises makes the action fail."""
        self._native.add_detector(_Quiet(detector))

    def stats(self) -> JsonObject:
        """Counters since start: actions by state, pools, records, time."""
        return _read(self._native.stats())

    @property
    def snapshot(self) -> str:
        """Hash of the configuration, policies and catalogue in force."""
        return self._native.snapshot()

    def close(self) -> None:
        """Ends sessions and connections and writes what is left to write. Safe to call twice."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<libguard.Guard>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Guard cannot be pickled: it holds connections and keys of its process; open another")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class _Quiet:
    """A detector whose exception says nothing: its own text could quote what it looked at, and be printed."""

    def __init__(self, detector: Detector) -> None:
        self.entity = str(detector.entity)
        self._find = detector.find

    def find(self, text: str) -> list[tuple[int, int]]:
        try:
            return [(int(start), int(end)) for start, end in self._find(text)]
        except Exception as error:
            name = type(error).__name__
        raise RuntimeError(f"the detector for {self.entity} raised {name}")


def _config_path(path: str | os.PathLike[str] | None) -> str:
    if path is not None:
        return os.fspath(path)
    if os.path.exists("guard.yaml"):
        return "guard.yaml"
    return os.environ.get("LIBGUARD_CONFIG") or "guard.yaml"


def _renewer(renew: Callable[[], str]) -> Callable[[], str]:
    # The caller's function may fail with a secret in its message, so only the fact of the failure goes on.
    def call() -> str:
        try:
            proof = renew()
        except Exception:
            sentence = "the function that renews this session's token or key raised an exception"
            raise make_error("unavailable", "identity.renew_failed", sentence) from None
        if not isinstance(proof, str):
            raise make_error("invalid", "identity.renew_failed", "the function that renews a proof must return text")
        return proof

    return call


def _read(text: str) -> JsonObject:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise make_error("internal", "guard.unreadable", "the core's answer is not an object")
    return data
