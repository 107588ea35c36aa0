"""Random entities and contexts that a schema describes, in all spellings that Cedar's JSON has for a value."""

from __future__ import annotations

import json
import random
from typing import Any

SCHEMA = """
type Info = {n: Long, o?: String};
entity Group;
entity Level enum ["low", "high"];
entity User in [Group] = {n: Long, s?: String, b?: Bool, g?: Group, u?: User, l?: Level, ip?: ipaddr, dec?: decimal,
  t?: datetime, d?: duration, many?: Set<Group>, longs?: Set<Long>, ips?: Set<ipaddr>, info?: Info,
  deep?: {x: {y?: ipaddr}}} tags Set<String>;
entity Doc in [Doc, Group] = {owner: User} tags ipaddr;
entity Bare;
action all;
action view, edit in [all] appliesTo {principal: [User, Group], resource: [Doc, Bare],
  context: {n?: Long, ip?: ipaddr, g?: Group, info?: Info, longs?: Set<Long>, t?: datetime}};
action loose appliesTo {principal: User, resource: Doc, context: {}};
"""
POLICIES = """
permit (principal, action, resource) when { principal has ip && principal.ip.isInRange(ip("10.0.0.0/8")) };
permit (principal in Group::"g", action, resource);
permit (principal, action, resource) when { context has ip && context.ip.isLoopback() };
permit (principal, action, resource) when { context has info && context.info.n > 0 };
permit (principal, action, resource) when { principal has many && principal.many.contains(Group::"g") };
forbid (principal, action, resource) when { resource has owner && resource.owner == principal };
permit (principal, action == Action::"loose", resource) when { resource.hasTag("x") && resource.getTag("x").isIpv6() };
permit (principal, action in Action::"all", resource) when { principal has t && principal.t < datetime("2024-01-01") };
permit (principal, action, resource) when { principal has deep && principal.deep.x has y };
permit (principal, action, resource) when { principal has u && principal.u has s && principal.u.s like "a*" };
"""
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**63, -(2**63), "", "a", "10.0.0.1", [], {}, [1, "a"], {"__entity": {"type": "Group",
    "id": "g"}},
    {"type": "Group", "id": "g"}, {"type": "Nope", "id": "g"}, {"type": "Level", "id": "mid"},
    {"__extn": {"fn": "ip", "arg": "::1"}},
    {"fn": "ip", "arg": "::1"}, {"fn": "decimal", "arg": "1.0"}, {"__expr": "1"}, {"__extn": {"fn": "nope",
    "arg": "1"}},
    {"__entity": 'Group::"g"'}, 'Group::"g"', {"type": "Group", "id": 1}, {"type": "Group"}, {"n": 1}, {"n": 1,
    "z": 2},
    {"__extn": {"fn": "ip", "arg": "no"}}, {"__extn": {"fn": "ip", "args": ["::1"]}}, {"__extn": "ip"},
)  # fmt: skip


class Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def entity(self, kind: str, name: str | None = None) -> Any:
        ids = {
            "Group": ("g", "h"),
            "User": ("u", "v", "w"),
            "Doc": ("d", "e"),
            "Level": ("low", "high"),
            "Bare": ("b",),
        }
        uid = {"type": kind, "id": name or self.rng.choice(ids[kind])}
        return self.rng.choice((uid, {"__entity": uid}))

    def extension(self, fn: str, text: str) -> Any:
        call = {"fn": fn, "arg": text}
        return self.rng.choice((text, call, {"__extn": call}))

    def value(self, name: str) -> Any:
        rng = self.rng
        makers = {
            "n": lambda: rng.choice((0, 1, -5, 2**63 - 1)),
            "s": lambda: rng.choice(("", "abc", "\u00e9")),
            "b": lambda: rng.random() < 0.5,
            "g": lambda: self.entity("Group"),
            "u": lambda: self.entity("User"),
            "l": lambda: self.entity("Level"),
            "ip": lambda: self.extension("ip", rng.choice(("10.1.2.3", "127.0.0.1", "::1", "10.0.0.0/8"))),
            "dec": lambda: self.extension("decimal", rng.choice(("1.0", "-0.5"))),
            "t": lambda: self.extension("datetime", rng.choice(("2023-01-01", "2024-10-15T11:35:00Z"))),
            "d": lambda: self.extension("duration", rng.choice(("1h", "-3ms"))),
            "many": lambda: [self.entity("Group") for _ in range(rng.randrange(3))],
            "longs": lambda: [rng.choice((1, 1, 2)) for _ in range(rng.randrange(4))],
            "ips": lambda: [self.extension("ip", "::1") for _ in range(rng.randrange(3))],
            "info": lambda: {"n": 1} | ({"o": "x"} if rng.random() < 0.5 else {}),
            "deep": lambda: {"x": {"y": self.extension("ip", "::1")} if rng.random() < 0.5 else {}},
            "owner": lambda: self.entity("User"),
        }
        return makers[name]()

    def some(self, names: tuple[str, ...], chance: float) -> dict[str, Any]:
        return {name: self.value(name) for name in names if self.rng.random() < chance}

    def entities(self) -> list[dict[str, Any]]:
        rng = self.rng
        out: list[dict[str, Any]] = []
        optional = ("s", "b", "g", "u", "l", "ip", "dec", "t", "d", "many", "longs", "ips", "info", "deep")
        for name in rng.sample(("u", "v", "w"), rng.randrange(4)):
            attrs = {"n": self.value("n")} | self.some(optional, 0.3)
            parents = [self.entity("Group") for _ in range(rng.randrange(3))]
            tags = {key: ["a"] for key in ("x", "y") if rng.random() < 0.3}
            out.append({"uid": self.entity("User", name), "attrs": attrs, "parents": parents, "tags": tags})
        for name in rng.sample(("d", "e"), rng.randrange(3)):
            tags = {key: self.value("ip") for key in ("x", "y") if rng.random() < 0.5}
            parents = [self.entity("Group")] if rng.random() < 0.5 else []
            out.append(
                {
                    "uid": self.entity("Doc", name),
                    "attrs": {"owner": self.value("owner")},
                    "parents": parents,
                    "tags": tags,
                }
            )
        if rng.random() < 0.3:
            out.append({"uid": self.entity("Level", "low"), "attrs": {}, "parents": []})
        if rng.random() < 0.2:
            out.append(
                {"uid": {"type": "Action", "id": "view"}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]}
            )
        if rng.random() < 0.2:
            out.append({"uid": self.entity("Group", "g"), "attrs": {}, "parents": []})
        return out

    def request(self) -> dict[str, Any]:
        rng = self.rng
        action = rng.choice(("view", "view", "edit", "loose", "all"))
        names = ("n", "ip", "g", "info", "longs", "t")
        return {
            "principal": {"type": "User", "id": rng.choice(("u", "v", "w"))}
            if rng.random() < 0.9
            else {"type": "Group", "id": "g"},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Doc", "id": rng.choice(("d", "e"))}
            if rng.random() < 0.9
            else {"type": "Bare", "id": "b"},
            "context": {} if action in ("loose", "all") else self.some(names, 0.3),
        }


def change(rng: random.Random, node: Any) -> None:
    """One slip somewhere: another value, a member too many or too few."""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(node)
    if not places:
        return
    holder, key = rng.choice(places)
    roll = rng.random()
    if roll < 0.2:
        del holder[key]
    elif roll < 0.7 or not isinstance(holder, dict):
        holder[key] = json.loads(json.dumps(rng.choice(STRANGE)))
    else:
        name = rng.choice(
            ("z", "n", "s", "ip", "owner", "type", "id", "__entity", "__extn", "fn", "tags", "attrs", "parents")
        )
        holder[name] = json.loads(json.dumps(rng.choice(STRANGE)))


def lines(seed: int, count: int) -> list[dict[str, Any]]:
    """One request each; half of the lines hold a slip."""
    out = []
    for number in range(count):
        maker = Maker(random.Random(f"{seed}:entities:{number}"))
        entities, request = maker.entities(), maker.request()
        if maker.rng.random() < 0.5:
            change(maker.rng, entities if maker.rng.random() < 0.7 else request["context"])
        case = {"request": request, "validate_request": True}
        out.append({"id": number, "schema": SCHEMA, "policies": POLICIES, "entities": entities, "cases": [case]})
    return out
