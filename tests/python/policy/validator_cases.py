"""Random schemas and policies for comparing our validator with Cedar's own (a seeded generator and mutations)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PRIMITIVE = ("Long", "String", "Bool", "ipaddr", "decimal", "datetime", "duration")
ATTRIBUTES = ("a", "b", "c", "name", "level", "owner", "Long", "type", "in it", "x-y", "principal")
TAGS = ("t", "env", "a")
CONSTRUCTORS = {
    "ipaddr": ('ip("10.0.0.0/8")', 'ip("::1")', 'ip("10.0.0.256")'),
    "decimal": ('decimal("1.0")', 'decimal("-0.5")', 'decimal("1")'),
    "datetime": ('datetime("2024-01-01")', 'datetime("2024-13-01")'),
    "duration": ('duration("1h")', 'duration("h")'),
}


@dataclass
class Model:
    """What a generated schema declares, for writing policies that mostly fit it."""

    entities: list[str] = field(default_factory=list)
    enums: list[str] = field(default_factory=list)
    shapes: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    applies: dict[str, tuple[list[str], list[str], Any]] = field(default_factory=dict)


def quote(text: str) -> str:
    return json.dumps(text)


def attribute(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name not in ("in", "is", "if", "like", "has")
    return name if plain else quote(name)


class SchemaMaker:
    """Writes a schema and keeps what it says."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.model = Model()
        self.commons: dict[str, Any] = {}

    def type(self, depth: int = 0) -> Any:
        rng = self.rng
        roll = rng.random()
        if depth < 3 and roll < 0.15:
            return ("Set", self.type(depth + 1))
        if depth < 3 and roll < 0.3:
            return ("Record", self.record(depth + 1))
        if roll < 0.5:
            return ("Entity", rng.choice(self.model.entities + self.model.enums))
        if roll < 0.55 and self.commons:
            name = rng.choice(list(self.commons))
            return ("Common", name, self.commons[name])
        if roll < 0.57:
            return ("Entity", "Action")
        return (rng.choice(PRIMITIVE),)

    def record(self, depth: int = 0) -> dict[str, tuple[bool, Any]]:
        rng = self.rng
        names = rng.sample(ATTRIBUTES, rng.choice((0, 1, 2, 3, 4)))
        return {name: (rng.random() < 0.6, self.type(depth)) for name in names}

    def show(self, kind: Any) -> str:
        if kind[0] == "Set":
            return f"Set<{self.show(kind[1])}>"
        if kind[0] == "Record":
            return self.show_record(kind[1])
        if kind[0] in ("Entity", "Common"):
            return str(kind[1])
        return f"__cedar::{kind[0]}" if self.rng.random() < 0.1 else str(kind[0])

    def show_record(self, record: dict[str, tuple[bool, Any]]) -> str:
        parts = [f"{attribute(n)}{'' if need else '?'}: {self.show(t)}" for n, (need, t) in record.items()]
        return "{" + ", ".join(parts) + "}"

    def text(self) -> str:
        rng, model = self.rng, self.model
        space = rng.choice(("", "", "", "N", "N::M"))
        names = rng.sample(["User", "Team", "Doc", "Folder", "Bot", "Thing", "Long"], rng.choice((2, 3, 4, 5)))
        model.entities = names
        model.enums = ["Level"] if rng.random() < 0.3 else []
        out = []
        for name in rng.sample(["Info", "Box", "Alias"], rng.choice((0, 0, 1, 2))):
            kind = self.type()
            self.commons[name] = kind
            out.append(f"type {name} = {self.show(kind)};")
        for name in names:
            model.shapes[name] = self.record()
            parents = rng.sample(names + model.enums, min(len(names), rng.choice((0, 0, 1, 1, 2))))
            line = f"entity {name}" + (f" in [{', '.join(parents)}]" if parents else "")
            line += f" = {self.show_record(model.shapes[name])}"
            if rng.random() < 0.4:
                model.tags[name] = self.type()
                line += f" tags {self.show(model.tags[name])}"
            out.append(line + ";")
        for name in model.enums:
            model.shapes[name] = {}
            out.append(f'entity {name} enum ["low", "high"];')
        out += ['action "all";', 'action "some" in ["all"];']
        model.actions = ["all", "some"]
        for name in rng.sample(["view", "edit", "move it", "x"], rng.choice((1, 2, 3))):
            every = names + model.enums
            principals = rng.sample(every, min(len(every), rng.choice((1, 1, 2, 3))))
            resources = rng.sample(every, min(len(every), rng.choice((1, 1, 2))))
            context = self.record()
            groups = rng.choice(("", ' in ["all"]', ' in "some"', ' in ["all", "some"]', ' in [Action::"all"]'))
            model.actions.append(name)
            model.applies[name] = (principals, resources, ("Record", context))
            out.append(
                f"action {quote(name)}{groups} appliesTo {{principal: [{', '.join(principals)}], "
                f"resource: [{', '.join(resources)}], context: {self.show_record(context)}}};"
            )
        rng.shuffle(out)
        body = "\n".join(out)
        if space:
            self.prefix = space + "::"
            return f"namespace {space} {{\n{body}\n}}\n"
        self.prefix = ""
        return body + "\n"


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
