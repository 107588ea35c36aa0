"""Random policies over random schemas for comparing our validator with Cedar's own (seeded makers and mutations)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

from schema_cases import ATTRIBUTES, CONSTRUCTORS, PRIMITIVE, TAGS, SchemaMaker, attribute, quote


class PolicyMaker:
    """Writes expressions of a wanted type, with slips."""

    def __init__(self, rng: random.Random, maker: SchemaMaker, slips: float) -> None:
        self.rng, self.model, self.prefix, self.slips = rng, maker.model, maker.prefix, slips

    def entity(self, kind: str) -> str:
        ids = ("low", "high", "mid") if kind == "Level" else ("a", "b", "")
        if kind == "Action":
            return f"{self.prefix}Action::{quote(self.rng.choice([*self.model.actions, 'nope']))}"
        return f"{self.prefix}{kind}::{quote(self.rng.choice(ids))}"

    def flat(self, kind: Any) -> Any:
        while kind[0] == "Common":
            kind = kind[2]
        return kind

    def literal(self, kind: Any) -> str:
        kind = self.flat(kind)
        rng = self.rng
        if kind[0] in CONSTRUCTORS:
            options = CONSTRUCTORS[kind[0]]
            return rng.choice(options if rng.random() < self.slips else options[:1])
        if kind[0] == "Set":
            count = rng.choice((1, 1, 2, 3)) if rng.random() > self.slips else 0
            return "[" + ", ".join(self.expression(kind[1], 1) for _ in range(count)) + "]"
        if kind[0] == "Record":
            parts = [
                f"{attribute(n)}: {self.expression(t, 1)}"
                for n, (need, t) in kind[1].items()
                if need or rng.random() < 0.7
            ]
            return "{" + ", ".join(parts) + "}"
        if kind[0] == "Entity":
            return self.entity(kind[1])
        return {"Long": rng.choice(("0", "7", "-3")), "String": '"s"', "Bool": rng.choice(("true", "false"))}[kind[0]]

    def paths(self) -> list[tuple[str, Any, list[str]]]:
        """Every readable place: text, type, guards that it needs."""
        found: list[tuple[str, Any, list[str]]] = []

        def walk(text: str, kind: Any, guards: list[str], depth: int) -> None:
            kind = self.flat(kind)
            found.append((text, kind, guards))
            if depth > 3:
                return
            fields = (
                kind[1] if kind[0] == "Record" else self.model.shapes.get(kind[1], {}) if kind[0] == "Entity" else {}
            )
            for name, (need, inner) in fields.items():
                plain = attribute(name) == name
                step = f"{text}.{name}" if plain else f"{text}[{quote(name)}]"
                guard = f"{text} has {attribute(name)}"
                walk(step, inner, guards if need else [*guards, guard], depth + 1)
            if kind[0] == "Entity" and kind[1] in self.model.tags:
                tag = quote(self.rng.choice(TAGS))
                walk(f"{text}.getTag({tag})", self.model.tags[kind[1]], [*guards, f"{text}.hasTag({tag})"], depth + 1)

        for root, kind in self.roots.items():
            walk(root, kind, [], 0)
        return found

    def expression(self, kind: Any, depth: int) -> str:
        rng = self.rng
        kind = self.flat(kind)
        if rng.random() < self.slips * 0.5:
            kind = rng.choice([("Long",), ("String",), ("Bool",), ("ipaddr",), ("Set", ("Long",)), ("Entity", "User")])
        if kind[0] == "Bool":
            return self.boolean(depth)
        options = [p for p in self.known if self.same(p[1], kind)]
        if options and rng.random() < 0.6:
            text, _, guards = rng.choice(options)
            if rng.random() > self.slips:
                self.guards += guards
            return text
        if depth < 3 and rng.random() < 0.2:
            return f"(if {self.boolean(depth + 1)} then {self.expression(kind, depth + 1)} else {self.expression(kind, depth + 1)})"  # noqa: E501
        if kind[0] == "Long" and rng.random() < 0.3:
            choice = rng.random()
            if choice < 0.3:
                return f"({self.expression(kind, depth + 1)} {rng.choice('+-*')} {self.expression(kind, depth + 1)})"
            if choice < 0.5:
                return f"{self.expression(('duration',), depth + 1)}.{rng.choice(('toDays', 'toSeconds'))}()"
            return f"-({self.expression(kind, depth + 1)})"
        if kind[0] == "datetime" and rng.random() < 0.3:
            return f"{self.expression(kind, depth + 1)}.offset({self.expression(('duration',), depth + 1)})"
        if kind[0] == "duration" and rng.random() < 0.3:
            return f"{self.expression(('datetime',), depth + 1)}.durationSince({self.expression(('datetime',), depth + 1)})"  # noqa: E501
        return self.literal(kind)

    def same(self, a: Any, b: Any) -> bool:
        return repr(a) == repr(b)

    def fits(self, kind: Any, roll: int) -> bool:
        if roll == 2:
            return kind[0] in ("Entity", "Record")
        return kind[0] == ("Bool" if roll == 12 else "Entity")

    def any_type(self) -> Any:
        if self.known and self.rng.random() < 0.7:
            return self.rng.choice(self.known)[1]
        return (self.rng.choice(PRIMITIVE),)

    def boolean(self, depth: int) -> str:
        rng = self.rng
        kind = self.any_type()
        roll = rng.randrange(21 if depth < 3 else 14)
        fit = self.known if rng.random() < self.slips else [p for p in self.known if self.fits(p[1], roll)]
        text, _, guards = rng.choice(fit or self.known)
        if rng.random() > self.slips:
            self.guards += guards
        if roll == 0:
            return f"{self.expression(kind, depth + 1)} {rng.choice(('==', '!='))} {self.expression(kind, depth + 1)}"
        if roll == 1:
            order = rng.choice((("Long",), ("Long",), ("datetime",), ("duration",), ("decimal",)))
            return f"{self.expression(order, depth + 1)} {rng.choice(('<', '<=', '>', '>='))} {self.expression(order, depth + 1)}"  # noqa: E501
        if roll == 2:
            path = ".".join(rng.sample([a for a in ATTRIBUTES if attribute(a) == a], rng.choice((1, 1, 2))))
            return f"{text} has {path}"
        if roll == 3:
            return f"{text}.hasTag({quote(rng.choice(TAGS))})"
        if roll == 4:
            return f"{text} is {self.prefix}{rng.choice([*self.model.entities, 'Nope', 'Action'])}"
        if roll == 5:
            group = rng.choice([*self.model.entities, "Action"])
            return f"{text} in {self.entity(group)}"
        if roll == 6:
            members = ", ".join(
                self.entity(rng.choice([*self.model.entities, "Action"])) for _ in range(rng.choice((1, 2)))
            )
            return f"{rng.choice((text, 'action', 'principal', 'resource'))} in [{members}]"
        if roll == 7:
            return f"{self.expression(('Set', kind), depth + 1)}.contains({self.expression(kind, depth + 1)})"
        if roll == 8:
            call = rng.choice(("containsAll", "containsAny"))
            return f"{self.expression(('Set', kind), depth + 1)}.{call}({self.expression(('Set', kind), depth + 1)})"
        if roll == 9:
            return f"{self.expression(('Set', kind), depth + 1)}.isEmpty()"
        if roll == 10:
            return f'{self.expression(("String",), depth + 1)} like "s*"'
        if roll == 11:
            call = rng.choice(("isIpv4()", "isLoopback()", f"isInRange({self.expression(('ipaddr',), depth + 1)})"))
            return f"{self.expression(('ipaddr',), depth + 1)}.{call}"
        if roll == 12:
            return rng.choice(("true", "false", text, "action == " + self.entity("Action")))
        if roll == 13:
            return f"{self.expression(('decimal',), depth + 1)}.lessThan({self.expression(('decimal',), depth + 1)})"
        if roll == 14:
            return f"!({self.boolean(depth + 1)})"
        if roll in (15, 16):
            return f"({self.guarded(depth + 1)} && {self.guarded(depth + 1)})"
        if roll in (17, 18):
            return f"({self.guarded(depth + 1)} || {self.guarded(depth + 1)})"
        if roll == 19:
            return f"(if {self.boolean(depth + 1)} then {self.boolean(depth + 1)} else {self.boolean(depth + 1)})"
        return f"{text} is {self.prefix}{rng.choice(self.model.entities)} in {self.entity(rng.choice(self.model.entities))}"  # noqa: E501

    def guarded(self, depth: int) -> str:
        """An expression behind the guards that it needs, in random strictness."""
        outer, self.guards = self.guards, []
        inner = self.boolean(depth)
        guards, self.guards = list(dict.fromkeys(self.guards)), outer
        if not guards or self.rng.random() < self.slips:
            return inner
        joined = " && ".join(guards)
        if self.rng.random() < 0.1:
            return f"(if {joined} then {inner} else {self.boolean(3)})"
        return f"({joined} && {inner})"

    def scope(self, variable: str, kind: str) -> str:
        rng = self.rng
        other = rng.choice(self.model.entities) if rng.random() < 0.3 else kind
        return rng.choice(
            [
                variable,
                variable,
                f"{variable} is {self.prefix}{kind}",
                f"{variable} is {self.prefix}{kind}",
                f"{variable} == {self.entity(kind)}",
                f"{variable} in {self.entity(other)}",
                f"{variable} is {self.prefix}{kind} in {self.entity(other)}",
                f"{variable} in ?{variable}",
                f"{variable} == ?{variable}",
                f"{variable} is {self.prefix}{other}",
            ]
        )

    def policy(self) -> str:
        rng = self.rng
        action = rng.choice(list(self.model.applies))
        principals, resources, context = self.model.applies[action]
        principal, resource = rng.choice(principals), rng.choice(resources)
        self.roots = {
            "principal": ("Entity", principal),
            "resource": ("Entity", resource),
            "context": context,
            "action": ("Entity", "Action"),
        }
        self.known = self.paths()
        self.guards: list[str] = []
        name = f"{self.prefix}Action::{quote(action)}"
        act = rng.choice(
            [f"action == {name}"] * 5
            + ["action", f"action in [{name}]", f'action in {self.prefix}Action::"all"', "action in []"]
        )
        clauses = []
        for _ in range(rng.choice((1, 1, 1, 2))):
            clauses.append(f"{rng.choice(('when', 'when', 'unless'))} {{ {self.guarded(0)} }}")
        effect = rng.choice(("permit", "forbid"))
        return f"{effect} ({self.scope('principal', principal)}, {act}, {self.scope('resource', resource)}) {' '.join(clauses)};"  # noqa: E501


TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|::|==|!=|<=|>=|&&|\|\||\S')


def mutate(rng: random.Random, text: str) -> str:
    """One small change between tokens."""
    tokens = TOKEN.findall(text)
    if len(tokens) < 3:
        return text
    at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    roll = rng.random()
    if roll < 0.25:
        del tokens[at]
    elif roll < 0.5:
        tokens[at] = tokens[other]
    elif roll < 0.75:
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        tokens.insert(at, tokens[other])
    return " ".join(tokens)


def cases(seed: int, count: int) -> list[dict[str, Any]]:
    """Lines for `libguard policy validate --batch`."""
    out = []
    while len(out) < count:
        rng = random.Random(f"{seed}:{len(out)}")
        maker = SchemaMaker(rng)
        schema = maker.text()
        for _ in range(4):
            policies = PolicyMaker(rng, maker, rng.choice((0.0, 0.0, 0.02, 0.1))).policy()
            changed = schema
            if rng.random() < 0.1:
                policies = mutate(rng, policies)
            if rng.random() < 0.15:
                changed = mutate(rng, schema)
            out.append({"id": len(out), "schema": changed, "policies": policies})
    return out


def mutate_json(rng: random.Random, node: Any) -> Any:
    """One small change somewhere in a JSON value."""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(node)
    if not places:
        return node
    holder, key = rng.choice(places)
    other_holder, other_key = rng.choice(places)
    roll = rng.random()
    if roll < 0.3:
        del holder[key]
    elif roll < 0.6:
        holder[key] = json.loads(json.dumps(other_holder[other_key]))
    elif roll < 0.8:
        holder[key] = rng.choice([None, 1, "Long", "Nope", [], {}, True, {"type": "Long"}, "__cedar::Long"])
    elif isinstance(holder, dict):
        name = rng.choice(["required", "type", "name", "annotations", "tags", "shape", "more", "element", "id"])
        holder[name] = rng.choice([True, "String", {"type": "Boolean"}, {"a": "b"}, {}])
    return node


def json_cases(seed: int, count: int, to_json: Callable[[str], str]) -> list[dict[str, Any]]:
    """The same lines with schemas in JSON, half of them changed."""
    out = []
    for case in cases(seed, count):
        answer = json.loads(to_json(case["schema"]))
        if not answer["ok"]:
            continue
        rng = random.Random(f"{seed}:json:{case['id']}")
        schema = answer["schema"]
        if rng.random() < 0.6:
            schema = mutate_json(rng, schema)
        out.append({**case, "schema": schema})
    return out
