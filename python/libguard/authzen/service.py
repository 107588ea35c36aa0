"""The decision point as an ASGI application."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from libguard.authzen import question
from libguard.authzen.question import Malformed, Questions
from libguard.errors import Error
from libguard.policy import Answer, Engine

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
METADATA = "/.well-known/authzen-configuration"
REQUEST_ID_CHARS_MAX = 128

log = logging.getLogger("libguard.authzen")


@dataclass(frozen=True)
class Limits:
    """What one caller may take."""

    body_bytes_max: int = 1024 * 1024
    body_seconds_max: float = 5.0
    decide_seconds_max: float = 2.0


class _Stop(Exception):
    """An answer without a decision."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def service(engine: Callable[[], Engine], token: str, url: str = "", limits: Limits | None = None) -> Starlette:
    """engine: asked for each question, so that a new policy set takes effect at once; token: what callers must know;
    url: where callers find us, for the metadata.
    """
    if len(token) < 16 or not token.isascii():
        raise ValueError("a token has 16 or more ASCII characters")
    point = _Point(engine, token, url.rstrip("/"), limits or Limits())
    routes = [
        Route(EVALUATION, point.evaluation, methods=["POST"]),
        Route(EVALUATIONS, point.evaluations, methods=["POST"]),
        Route(METADATA, point.metadata, methods=["GET"]),
    ]
    return Starlette(routes=routes)


class _Point:
    def __init__(self, engine: Callable[[], Engine], token: str, url: str, limits: Limits) -> None:
        self._engine = engine
        self._token = token.encode("ascii")
        self._url = url
        self._limits = limits

    async def metadata(self, _: Request) -> JSONResponse:
        return JSONResponse(
            {
                "policy_decision_point": self._url,
                "access_evaluation_endpoint": self._url + EVALUATION,
                "access_evaluations_endpoint": self._url + EVALUATIONS,
            }
        )

    async def evaluation(self, request: Request) -> JSONResponse:
        return await self._answered(request, question.one)

    async def evaluations(self, request: Request) -> JSONResponse:
        return await self._answered(request, question.several)

    async def _answered(self, request: Request, read: Callable[[dict[str, Any]], Questions]) -> JSONResponse:
        """The one place where an answer is made: what goes wrong on the way has a status, and no decision."""
        try:
            self._admit(request)
            body = await self._in_time(self._body(request))
            response = JSONResponse(self._decide(read(question.read_body(body))))
        except _Stop as stop:
            response = _problem(stop.status, str(stop))
        except Malformed as error:
            response = _problem(400, str(error))
        except Exception:
            log.exception("a question could not be answered")
            response = _problem(500, "the question could not be answered")
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        _echo_id(request, response)
        return response

    def _admit(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token)
        if scheme.lower() != "bearer" or not known:
            raise _Stop(401, "a bearer token that is known here is needed")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Stop(415, "the body must be application/json")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise _Stop(415, "the body must not be encoded")

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._limits.body_bytes_max:
                raise _Stop(413, f"the body is longer than {self._limits.body_bytes_max} bytes")
        return bytes(body)

    async def _in_time(self, reading: Awaitable[bytes]) -> bytes:
        try:
            return await asyncio.wait_for(reading, self._limits.body_seconds_max)
        except TimeoutError:
            raise _Stop(408, "the body did not arrive in time") from None
        except ClientDisconnect:
            raise _Stop(400, "the body did not arrive") from None

    def _decide(self, asked: Questions) -> dict[str, Any]:
        engine = self._engine()
        until = time.monotonic() + self._limits.decide_seconds_max
        if not asked.batch:
            return _answer(engine, asked.members[0], strict=True)
        stop_at = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(asked.semantic)
        answers: list[dict[str, Any]] = []
        for member in asked.members:
            if time.monotonic() > until:
                raise _Stop(503, "the questions could not be answered in time")
            answers.append(_answer(engine, member, strict=False))
            if answers[-1]["decision"] is stop_at:
                break
        return {"evaluations": answers}


def _answer(engine: Engine, member: dict[str, Any] | Malformed, *, strict: bool) -> dict[str, Any]:
    """One decision. In a batch a question that cannot be read is a no that says why; alone it is status 400."""
    try:
        if isinstance(member, Malformed):
            raise member
        return _decision(engine.ask(member))
    except Error as error:
        if error.kind != "invalid":
            raise
        problem = Malformed(str(error))
    except Malformed as error:
        problem = error
    if strict:
        raise problem
    return {"decision": False, "context": {"error": {"status": 400, "message": str(problem)}}}


def _decision(answer: Answer) -> dict[str, Any]:
    context: dict[str, Any] = {"policies": answer.reasons}
    if answer.errors:
        context["errors"] = answer.errors
    return {"decision": answer.allowed is True, "context": context}


def _problem(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": {"status": status, "message": sentence}}, status_code=status)


def _echo_id(request: Request, response: JSONResponse) -> None:
    """So that both sides' logs can be laid side by side."""
    given = request.headers.get("x-request-id", "")
    if given and len(given) <= REQUEST_ID_CHARS_MAX and given.isascii() and given.isprintable():
        response.headers["X-Request-ID"] = given
