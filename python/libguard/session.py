"""A session: one authenticated caller, from `guard.session(...)` to its end. Thread-safe."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypedDict, Unpack

from libguard import outcome as outcomes
from libguard.chain import HOPS_MAX, Hop, current_hops
from libguard.errors import Error, make_error
from libguard.outcome import Outcome
from libguard.values import params_to_json

if TYPE_CHECKING:
    from libguard import _native
    from libguard.guard import Guard

PENDING_REMEMBERED_MAX = 256  # requests kept for `resume`; older ones must be made again in full

Body = Callable[[dict[str, Any]], str]

# Innermost last. Immutable, so that a context which copied it is not changed behind its back.
_current: ContextVar[tuple[Session, ...]] = ContextVar("libguard_sessions", default=())


_TEXTS = frozenset({"explanation", "purpose", "ticket"})


class Details(TypedDict, total=False):
    """What a request may say beside itself."""

    explanation: str  # the agent's own words, shown to an approver as not verified
    purpose: str  # absent: the session's
    ticket: str  # resumes an approved request, and only for exactly this one
    wait_s: float | None  # how long to wait for an approval; absent: as configured
    deadline_ms: int | None  # absent: the connection's
    hops: Sequence[Hop] | None  # the chain; absent: the current one


def current_session(guard: Guard) -> Session:
    """The innermost open session of this guard in this context; Error(invalid, "session.none") when there is none."""
    for session in reversed(_current.get()):
        if session.guard is guard:
            return session
    sentence = "no session of this guard is open here; make the call inside `with guard.session(...)`"
    raise make_error("invalid", "session.none", sentence)


class Session:
    """Made by `Guard.session`. As a context manager it is the current session inside and closed at the end."""

    __slots__ = ("__weakref__", "_accounts", "_entered", "_guard", "_lock", "_native", "_pending")

    def __init__(self, guard: Guard, native: _native.Session) -> None:
        self._guard = guard
        self._native = native
        self._lock = threading.Lock()
        self._entered = 0
        self._accounts: dict[str, Session] = {}
        self._pending: OrderedDict[str, tuple[dict[str, Any], Body | None]] = OrderedDict()

    @property
    def id(self) -> str:
        return self._native.id

    @property
    def guard(self) -> Guard:
        return self._guard

    def info(self) -> dict[str, Any]:
        """Who this session is: account, groups, user, chain, warnings. Never the token or key."""
        return _object(self._native.info())

    def query(
        self,
        connection: str,
        sql: str,
        params: Sequence[object] | None = None,
        *,
        tool: str = "",
        **details: Unpack[Details],
    ) -> Outcome:
        """Runs one statement through the whole sentence; `tool` is the name of the tool that asks.

        `params` fill the backend's own placeholders (`?` in SQLite, `$1` in PostgreSQL). TypeError for a value that
        cannot be bound; whatever is wrong with the statement is an outcome.
        """
        request = {"kind": "sql", "connection": connection, "text": sql, "params": params_to_json(params)}
        return self._run(request | ({"tool": tool} if tool else {}) | _details(**details), None)

    def run_tool(self, tool: str, arguments: Mapping[str, Any], body: Body, **details: Unpack[Details]) -> Outcome:
        """Guards a call of a tool. `body` gets the arguments that were decided on and returns text, which is masked.

        An exception of `body` becomes a failed outcome without its text. TypeError when `arguments` are not plain JSON.
        """
        request = {"kind": "tool", "tool": tool, "arguments": _strict_json(arguments)}
        return self._run(request | _details(**details), body)

    def resume(self, ticket: str, *, wait_s: float | None = 0) -> Outcome:
        """Makes the same request again, now with its ticket: runs once if it was approved, and says why not otherwise.

        Knows the requests that this session left pending; Error(invalid, "session.unknown_ticket") for any other:
        call `query` or `run_tool` again with `ticket=` then.
        """
        with self._lock:
            kept = self._pending.get(ticket)
        if kept is None:
            sentence = "this session left nothing pending under that ticket; repeat the request itself with ticket="
            raise make_error("invalid", "session.unknown_ticket", sentence)
        request, body = kept
        again = {key: value for key, value in request.items() if key != "wait_ms"} | {"ticket": ticket}
        if wait_s is not None:
            again["wait_ms"] = _milliseconds(wait_s)
        return self._run(again, body)

    def as_account(self, account: str) -> Session:
        """A session of another local account for the same user and purpose; kept, and closed with this one.

        The account is asserted by this process; a user whom the guard verified here stays verified there, for as long
        as the proof of this session is good.
        """
        with self._lock:
            known = self._accounts.get(account)
            if known is None:
                known = Session(self._guard, self._native.as_account(account))
                self._accounts[account] = known
            return known

    def _run(self, request: dict[str, Any], body: Body | None) -> Outcome:
        stopped: list[BaseException] = []

        def call(arguments: str) -> str:
            try:
                return _require(body)(json.loads(arguments))
            except Exception:
                raise
            except BaseException as stop:  # Ctrl-C inside a tool must still stop the program, after the record is made
                stopped.append(stop)
                raise

        answer = self._native.run(json.dumps(request, allow_nan=False), call if body is not None else None)
        if stopped:
            raise stopped[0]
        outcome = outcomes.from_native(answer)
        self._remember(outcome, request, body)
        return outcome

    def _remember(self, outcome: Outcome, request: dict[str, Any], body: Body | None) -> None:
        with self._lock:
            if outcome.pending and outcome.ticket:
                self._pending[outcome.ticket] = (request, body)
                while len(self._pending) > PENDING_REMEMBERED_MAX:
                    self._pending.popitem(last=False)
            elif outcome.completed:
                self._pending.pop(request.get("ticket", ""), None)

    def close(self) -> None:
        """Ends the session; later calls are refused. Safe to call twice."""
        with self._lock:
            accounts, self._accounts = list(self._accounts.values()), {}
            self._pending.clear()
        for session in accounts:
            session.close()
        self._native.close()

    def __enter__(self) -> Self:
        with self._lock:
            self._entered += 1
        _current.set((*_current.get(), self))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stack = list(_current.get())
        if self in stack:
            del stack[len(stack) - 1 - stack[::-1].index(self)]
        _current.set(tuple(stack))
        with self._lock:
            self._entered -= 1
            last = self._entered <= 0
        if last:
            self.close()

    def __repr__(self) -> str:
        return f"<libguard.Session {self.id}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Session cannot be pickled: it stands for an authenticated caller of this process")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _require(body: Body | None) -> Body:
    if body is None:
        raise make_error("internal", "session.no_body", "the core asked for a tool's body that was never given")
    return body


def _details(
    *,
    wait_s: float | None = None,
    deadline_ms: int | None = None,
    hops: Sequence[Hop] | None = None,
    **texts: str,
) -> dict[str, Any]:
    unknown = texts.keys() - _TEXTS
    if unknown:
        raise TypeError(f"unknown detail {min(unknown)!r}")
    chain = current_hops() if hops is None else tuple(hops)
    if len(chain) > HOPS_MAX:
        raise make_error("invalid", "session.chain_too_long", f"the delegation chain has more than {HOPS_MAX} hops")
    details: dict[str, Any] = {name: text for name, text in texts.items() if text}
    details["hops"] = [{"kind": each.kind, "name": each.name} for each in chain]
    if wait_s is not None:
        details["wait_ms"] = _milliseconds(wait_s)
    if deadline_ms is not None:
        details["deadline_ms"] = int(deadline_ms)
    return details


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))


def _strict_json(arguments: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(arguments), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise TypeError("a tool's arguments must be plain JSON: text, finite numbers, lists and objects") from None


def _object(text: str) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise make_error("internal", "session.unreadable", "the core's answer is not an object")
    return data


__all__ = ["Error", "Session", "current_session"]
