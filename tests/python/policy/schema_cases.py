"""Random Cedar schemas, and what each declares."""

from __future__ import annotations

import json
import random
import re
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
