"""AuthZEN questions as Cedar requests (Authorization API 1.0, sections 5 to 7).

What the caller says about a subject, action or resource is what the caller says: it goes into the context, and never
becomes an attribute of an entity or a membership in a group. Those come from the decision point's own entities.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EVALUATIONS_MAX = 1_000
PARTS = ("subject", "action", "resource")


class Malformed(Exception):
    """A sentence for the caller: what of the question cannot be read."""


@dataclass(frozen=True)
class Questions:
    """`members` hold a Cedar request, or why there is none."""

    members: list[dict[str, Any] | Malformed]
    semantic: str = "execute_all"  # or deny_on_first_deny, permit_on_first_permit
    batch: bool = True


def read_body(body: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, no member twice, no NaN."""
    try:
        data = json.loads(body.decode("utf-8"), object_pairs_hook=_members, parse_constant=_refused)
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON, or holds a member twice") from None
    if not isinstance(data, dict):
        raise Malformed("the body is not a JSON object")
    return data


def one(data: Mapping[str, Any]) -> Questions:
    """The body of /access/v1/evaluation."""
    return Questions([cedar_request(data)], batch=False)


def several(data: Mapping[str, Any]) -> Questions:
    """The body of /access/v1/evaluations; without `evaluations` it is one question, and gets one decision."""
    listed = data.get("evaluations", [])
    if not isinstance(listed, list):
        raise Malformed("`evaluations` is not an array")
    if len(listed) > EVALUATIONS_MAX:
        raise Malformed(f"`evaluations` holds more than {EVALUATIONS_MAX} questions")
    semantic = _semantic(data.get("options", {}))
    if not listed:
        return one(data)
    return Questions([_member(data, each) for each in listed], semantic)


def cedar_request(data: Mapping[str, Any]) -> dict[str, Any]:
    for part in PARTS:
        if not isinstance(data.get(part), dict):
            raise Malformed(f"`{part}` is missing, or is not an object")
    context = dict(_object(data, "context", "context"))
    for part in PARTS:
        name = f"{part}_properties"
        if name in context:
            raise Malformed(f"`context.{name}` is where the properties of the {part} go")
        context[name] = _object(data[part], "properties", f"{part}.properties")
    return {
        "principal": {"type": _text(data, "subject", "type"), "id": _text(data, "subject", "id")},
        "action": {"type": "Action", "id": _text(data, "action", "name")},
        "resource": {"type": _text(data, "resource", "type"), "id": _text(data, "resource", "id")},
        "context": context,
    }


def _member(defaults: Mapping[str, Any], member: object) -> dict[str, Any] | Malformed:
    """What a member leaves out is what stands beside `evaluations`; what it holds replaces that as a whole."""
    if not isinstance(member, dict):
        return Malformed("an evaluation is not an object")
    whole = {part: defaults[part] for part in (*PARTS, "context") if part in defaults}
    try:
        return cedar_request(whole | member)
    except Malformed as error:
        return error


def _semantic(options: object) -> str:
    if not isinstance(options, dict):
        raise Malformed("`options` is not an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if semantic not in ("execute_all", "deny_on_first_deny", "permit_on_first_permit"):
        raise Malformed("`options.evaluations_semantic` is not one of the three that there are")
    return str(semantic)


def _object(data: Mapping[str, Any], name: str, shown: str) -> dict[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise Malformed(f"`{shown}` is not an object")
    return value


def _text(data: Mapping[str, Any], part: str, name: str) -> str:
    value = data[part].get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"`{part}.{name}` is missing, or is not a text")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    if any(isinstance(value, float) and not math.isfinite(value) for value in members.values()):
        raise ValueError("out of range")
    return members


def _refused(_: str) -> float:
    raise ValueError("not JSON")
