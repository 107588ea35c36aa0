"""Random policies, links, entities and requests for comparing our evaluation with Cedar's own; texts for the parsers.

Expressions are mostly of fitting types, over entities with odd names, many parents and values at the edges, so that
what Cedar answers is seldom an error and never always the same.
"""

from __future__ import annotations

import random
import re
from typing import Any

TYPES = ("U", "G", "N::T", "D")
IDS = ("a", "b", "c", "", 'q"uote', "back\\slash", "line\nend", "\u00e9", "e\u0301", "\U0001f600", "a b", "\u202e", "*")
ATTRIBUTES = ("n", "s", "b", "e", "set", "rec", "ip", "dec", "when", "dur", "in", "x-y", "", "principal", "like")
TAGS = ("t", "env", "", "é")
LONGS = (0, 1, -1, 2, 3, 7, 100, 2**31, 2**63 - 1, -(2**63), 2**62, -(2**62), 3037000500)
STRINGS = ("", "a", "ab", "abc", "a*c", "*", "\\", '"', "\u00e9", "e\u0301", "\U0001f600", "a\nb", "\x00", "A", "aaab")
IPS = ("10.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "0.0.0.0/0", "127.0.0.1", "127.0.0.0/7", "224.0.0.1", "::1", "::/0",
    "ff00::/8",
       "2001:db8::/32", "2001:db8::1", "FF02::1", "1:2:3:4:5:6:7:8", "::ffff:0:0/96")  # fmt: skip
BAD_IPS = ("", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/33", "10.0.0.1/08", "::1/129", "1::2::3",
    "::ffff:1.2.3.4", " ::1",
           "10.0.0.1 ", "10.0.0.1/", "1:2:3:4:5:6:7:8:9", "g::", "127.0.0.1/+8", "1.2.3.4.5")  # fmt: skip
DECIMALS = ("0.0", "1.0", "-0.1", "1.0000", "922337203685477.5807", "-922337203685477.5808", "00.10", "12.3456", "-0.0")
BAD_DECIMALS = ("", "1", "1.", ".1", "1.00000", "922337203685477.5808", "+1.0", "1.0e1", "--1.0", "1.-1", "\u0661.0")
DATETIMES = ("2024-01-01", "2024-02-29", "1970-01-01T00:00:00Z", "2024-10-15T11:35:00.123Z", "2024-10-15T11:35:00+0130",
             "2024-10-15T11:35:00.999-2359", "0000-01-01", "9999-12-31T23:59:59.999Z", "1969-12-31")  # fmt: skip
BAD_DATETIMES = ("", "2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:60Z",
                 "2024-01-01T00:00:00.12Z", "2024-01-01T00:00:00+2400", "2024-01-01t00:00:00Z",
                 "2024-01-01T00:00:00+00:00",
                 "10000-01-01", "-0001-01-01", "2024-00-10", "2024-04-31", "2024-01-01T00:00:00.1234Z")  # fmt: skip
DURATIONS = ("0ms", "1d", "1h30m", "-1d2h3m4s5ms", "100ms", "9223372036854775807ms", "-9223372036854775808ms",
    "00h", "106751991167d",
             "1s1ms")  # fmt: skip
BAD_DURATIONS = ("", "1", "d", "1h1d", "1dd", "-", "+1h", "1.5h", "1H", "9223372036854775808ms", "1m1h", "1ms1s",
    "1 h", "106751991168d",
                 "--1h")  # fmt: skip
EXTENSIONS = {"ip": (IPS, BAD_IPS), "decimal": (DECIMALS, BAD_DECIMALS), "datetime": (DATETIMES, BAD_DATETIMES),
              "duration": (DURATIONS, BAD_DURATIONS)}  # fmt: skip
KINDS = ("bool", "long", "string", "set", "record", "entity", "ip", "decimal", "datetime", "duration")
ATTRIBUTE_KIND = dict(zip(ATTRIBUTES, ("long", "string", "bool", "entity", "set", "record", "ip", "decimal",
    "datetime", "duration",
                                       "long", "string", "bool", "entity", "long"), strict=True))  # fmt: skip
RESERVED = ("true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|::|==|!=|<=|>=|&&|\|\||\s+|.', re.DOTALL)
NOISE = ("\u00a0", "\u3000", "\u2028", "\x85", "\x0b", "\ufeff", "//c\n", "//c\r", "/* c */", "\x00", "@id",
    '@id("x")', "?principal",
         "?resource", "?x", "if", "then", "else", "true", "is", "in", "has", "like", "__cedar", "permit",
         "9223372036854775808",
         "-", "!", "--", "!!!!!", "-----", "()", "[]", "{}", '"\\x41"', '"\\x80"', '"\\u{1F600}"', '"\\u{D800}"',
         '"\\u{1234567}"',
         '"\\u{4_1}"', '"\\u{_41}"', '"\\*"', "\"\\'\"", '"\\0"', '"\\q"', "'a'", "\u00e9", "a::b", 'A::"b"',
         'Action::"x"',
         'N::Action::"x"', ".contains(1)", ".contains()", ".isEmpty()", ".isEmpty(1)", ".getTag", '["n"]',
         '["n", "s"]', "[1]", ".n",
         ".in", ".if", "has n.s", 'has "n"', 'has "n".s', 'like "a*"', 'like ("a")', "is U", 'is U in G::"a"',
         "== 1", "< 1", "+ 1",
         "/ 1", "% 2", "ip(\"::1\")", "ip()", ".isIpv4()", "isIpv4()", ".foo()", "foo()", ",", ";", ":", "::", "&",
         "|", "=", "when",
         "unless", "when {}", "principal", "context", "\\", "#", "0x1", "1.5", "01", "1_000", "_", "_a")  # fmt: skip


def quote(text: str) -> str:
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\x00": "\\0"}
    return '"' + "".join(special.get(char, char) for char in text) + '"'


def plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name not in RESERVED


class Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.slip = rng.choice((0.0, 0.02, 0.1))
        self.pool = [(kind, rng.choice(IDS)) for kind in TYPES for _ in range(4)]
        self.actions = ["view", "edit", "all", "some", 'q"']

    # Entities

    def value(self, kind: str, depth: int = 0) -> Any:
        rng = self.rng
        if kind in EXTENSIONS:
            return {"__extn": {"fn": kind, "arg": rng.choice(EXTENSIONS[kind][0])}}
        if kind == "entity":
            type_name, name = rng.choice(self.pool)
            return {"__entity": {"type": type_name, "id": name}}
        if kind == "set":
            inner = rng.choice(KINDS) if depth < 2 else "long"
            return [self.value(inner if rng.random() < 0.9 else "string", depth + 1) for _ in range(rng.randrange(4))]
        if kind == "record":
            names = rng.sample(ATTRIBUTES, rng.randrange(5)) if depth < 3 else []
            return {name: self.value(ATTRIBUTE_KIND[name], depth + 1) for name in names}
        return {"bool": rng.random() < 0.5, "long": rng.choice(LONGS), "string": rng.choice(STRINGS)}[kind]

    def entities(self) -> list[dict[str, Any]]:
        rng = self.rng
        order = list(dict.fromkeys(self.pool))
        rng.shuffle(order)
        out = []
        for at, (type_name, name) in enumerate(order):
            if rng.random() < 0.1:
                continue
            later = order[at + 1 :]
            parents = rng.sample(later, min(len(later), rng.choice((0, 0, 1, 1, 2, 5))))
            names = [each for each in ATTRIBUTES if rng.random() < 0.7]
            out.append(
                {
                    "uid": {"type": type_name, "id": name},
                    "attrs": {each: self.value(ATTRIBUTE_KIND[each]) for each in names},
                    "parents": [{"type": kind, "id": each} for kind, each in parents],
                    "tags": {each: self.value("string") for each in rng.sample(TAGS, rng.randrange(3))},
                }
            )
        for at, name in enumerate(self.actions):
            if rng.random() < 0.9:
                later_actions = self.actions[at + 1 :]
                parents_of = rng.sample(later_actions, min(len(later_actions), rng.choice((0, 1, 2))))
                out.append({"uid": {"type": "Action", "id": name}, "attrs": {},
                            "parents": [{"type": "Action", "id": each} for each in parents_of]})  # fmt: skip
        return out

    def request(self) -> dict[str, Any]:
        rng = self.rng

        def some() -> dict[str, str]:
            kind, name = rng.choice(self.pool) if rng.random() < 0.9 else (rng.choice(TYPES), "stranger")
            return {"type": kind, "id": name}

        names = [each for each in ATTRIBUTES if rng.random() < 0.8]
        return {
            "principal": some(),
            "action": {"type": "Action", "id": rng.choice(self.actions)},
            "resource": some(),
            "context": {each: self.value(ATTRIBUTE_KIND[each]) for each in names},
        }

    # Policies

    def entity(self) -> str:
        kind, name = self.rng.choice(self.pool) if self.rng.random() < 0.95 else ("Z", "z")
        return f"{kind}::{quote(name)}"

    def action(self) -> str:
        return f"Action::{quote(self.rng.choice(self.actions))}"

    def access(self, name: str) -> str:
        return f".{name}" if plain(name) and self.rng.random() < 0.8 else f"[{quote(name)}]"

    def path(self, kind: str, depth: int) -> str:
        rng = self.rng
        names = [each for each in ATTRIBUTES if ATTRIBUTE_KIND[each] == kind]
        base = rng.choice(("principal", "resource", "context", "context", "context.rec", "principal.e", self.entity()))
        return base + self.access(rng.choice(names))

    def expression(self, kind: str, depth: int = 0) -> str:
        rng = self.rng
        if rng.random() < self.slip:
            kind = rng.choice(KINDS)
        if depth < 4 and rng.random() < 0.06:
            test, yes, no = (self.expression(each, depth + 1) for each in ("bool", kind, kind))
            return f"(if {test} then {yes} else {no})"
        if rng.random() < 0.25 and kind != "bool":
            return self.path(kind, depth)
        make = getattr(self, f"make_{kind}", None)
        return str(make(depth + 1)) if make else self.extension(kind, depth + 1)

    def extension(self, kind: str, depth: int) -> str:
        rng = self.rng
        good, bad = EXTENSIONS[kind]
        if rng.random() < self.slip:
            return f"{kind}({self.expression('string', depth)})"
        text = rng.choice(bad) if rng.random() < max(self.slip, 0.02) else rng.choice(good)
        call = f"{kind}({quote(text)})"
        if depth < 4 and rng.random() < 0.3:
            if kind == "datetime":
                return f"{call}.{rng.choice(('offset(' + self.expression('duration', depth) + ')', 'toDate()'))}"
            if kind == "duration":
                other = self.expression("datetime", depth)
                return rng.choice((f"{self.expression('datetime', depth)}.durationSince({other})", f"{other}.toTime()"))
        return call

    def make_long(self, depth: int) -> str:
        rng = self.rng
        roll = rng.random()
        if depth > 4 or roll < 0.5:
            value = rng.choice(LONGS)
            # The least Long cannot be written before a method: its digits alone do not fit.
            return f"({value})" if value < 0 else str(value)
        if roll < 0.85:
            return f"({self.expression('long', depth)} {rng.choice('+-*')} {self.expression('long', depth)})"
        if roll < 0.93:
            return f"-({self.expression('long', depth)})"
        unit = rng.choice(("toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"))
        return f"{self.expression('duration', depth)}.{unit}()"

    def make_string(self, depth: int) -> str:
        if depth < 4 and self.rng.random() < 0.2:
            return f"{self.expression('entity', depth)}.getTag({self.expression('string', depth + 2)})"
        return quote(self.rng.choice((*STRINGS, *TAGS)))

    def make_set(self, depth: int) -> str:
        kind = self.rng.choice(KINDS) if depth < 3 else "long"
        return "[" + ", ".join(self.expression(kind, depth) for _ in range(self.rng.randrange(4))) + "]"

    def make_record(self, depth: int) -> str:
        names = self.rng.sample(ATTRIBUTES, self.rng.randrange(4)) if depth < 4 else []
        parts = [
            f"{each if plain(each) else quote(each)}: {self.expression(ATTRIBUTE_KIND[each], depth)}" for each in names
        ]
        return "{" + ", ".join(parts) + "}"

    def make_entity(self, depth: int) -> str:
        return self.rng.choice(("principal", "resource", "action", self.entity(), self.entity(), self.action()))

    def pattern(self) -> str:
        pieces = [
            self.rng.choice(("a", "b", "*", "*", "\\*", "c", "\\\\", "\\n", "\\u{e9}", "", "\U0001f600"))
            for _ in range(self.rng.randrange(6))
        ]
        return '"' + "".join(pieces) + '"'

    def make_bool(self, depth: int) -> str:
        rng = self.rng
        kind = rng.choice(KINDS)
        if depth > 5:
            return rng.choice(("true", "false", "context.b", "principal.b"))
        choices = (
            lambda: f"{self.expression(kind, depth)} {rng.choice(('==', '!='))} {self.expression(kind, depth)}",
            lambda: (
                f"{self.expression('long', depth)} {rng.choice(('<', '<=', '>', '>='))} {self.expression('long', depth)}"  # noqa: E501
            ),
            lambda: self.ordered(depth),
            lambda: f"({self.expression('bool', depth)} && {self.expression('bool', depth)})",
            lambda: f"({self.expression('bool', depth)} || {self.expression('bool', depth)})",
            lambda: f"!({self.expression('bool', depth)})",
            lambda: f"{self.expression('entity', depth)} in {self.expression('entity', depth)}",
            lambda: (
                f"{self.expression('entity', depth)} in [{', '.join(self.expression('entity', depth) for _ in range(rng.randrange(3)))}]"  # noqa: E501
            ),
            lambda: f"{self.expression('entity', depth)} is {rng.choice((*TYPES, 'Z', 'Action'))}",
            lambda: f"{self.expression('entity', depth)} is {rng.choice(TYPES)} in {self.expression('entity', depth)}",
            lambda: f"{self.expression('string', depth)} like {self.pattern()}",
            lambda: f"{self.expression('set', depth)}.contains({self.expression(kind, depth)})",
            lambda: (
                f"{self.expression('set', depth)}.{rng.choice(('containsAll', 'containsAny'))}({self.expression('set', depth)})"  # noqa: E501
            ),
            lambda: f"{self.expression('set', depth)}.isEmpty()",
            lambda: (
                f"{rng.choice(('principal', 'resource', 'context', self.entity(), 'context.rec'))} has {self.has()}"
            ),
            lambda: f"{self.expression('entity', depth)}.hasTag({self.expression('string', depth)})",
            lambda: (
                f"{self.expression('ip', depth)}.{rng.choice(('isIpv4()', 'isIpv6()', 'isLoopback()', 'isMulticast()'))}"  # noqa: E501
            ),
            lambda: f"{self.expression('ip', depth)}.isInRange({self.expression('ip', depth)})",
            lambda: self.path("bool", depth),
        )
        chosen = str(rng.choice(choices)())
        return chosen if depth == 1 else f"({chosen})"  # relations do not chain

    def ordered(self, depth: int) -> str:
        rng = self.rng
        kind = rng.choice(("decimal", "datetime", "duration"))
        left, right = self.expression(kind, depth), self.expression(kind, depth)
        if kind == "decimal":
            call = rng.choice(("lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"))
            return f"{left}.{call}({right})"
        return f"{left} {rng.choice(('<', '<=', '>', '>='))} {right}"

    def has(self) -> str:
        rng = self.rng
        if rng.random() < 0.3:
            return quote(rng.choice(ATTRIBUTES))
        names = [each for each in ATTRIBUTES if plain(each)]
        return ".".join([*(rng.choice(("rec", "e")) for _ in range(rng.choice((0, 0, 1, 2)))), rng.choice(names)])

    def scope(self, variable: str) -> str:
        rng = self.rng
        anchor = f"?{variable}" if rng.random() < 0.15 else self.entity()
        return rng.choice(
            (
                variable,
                variable,
                variable,
                f"{variable} == {anchor}",
                f"{variable} in {anchor}",
                f"{variable} in {anchor}",
                f"{variable} is {rng.choice(TYPES)}",
                f"{variable} is {rng.choice(TYPES)} in {anchor}",
            )
        )

    def policy(self) -> str:
        rng = self.rng
        some = ", ".join(self.action() for _ in range(rng.randrange(4)))
        action = rng.choice(
            ("action", "action", f"action == {self.action()}", f"action in {self.action()}", f"action in [{some}]")
        )
        notes = "".join(
            rng.choice(('@id("x") ', "@why ", '@if("") ', '@note("\\u{e9}\\n") '))
            for _ in range(rng.choice((0, 0, 0, 1)))
        )
        clauses = [
            f"{rng.choice(('when', 'when', 'unless'))} {{ {self.expression('bool')} }}"
            for _ in range(rng.choice((0, 1, 1, 1, 2)))
        ]
        effect = rng.choice(("permit", "permit", "forbid"))
        return f"{notes}{effect} ({self.scope('principal')}, {action}, {self.scope('resource')}) {' '.join(clauses)};"

    def links(self, policies: list[str]) -> list[dict[str, Any]]:
        out = []
        for number, text in enumerate(policies):
            head = text.partition(") ")[0]
            slots = [slot for slot in ("?principal", "?resource") if slot in head]
            for _ in range(self.rng.randrange(3) if slots else 0):
                values = {slot: dict(zip(("type", "id"), self.rng.choice(self.pool), strict=True)) for slot in slots}
                out.append({"template_id": f"policy{number}", "new_id": f"link{len(out)}", "values": values})
        return out


def sets(seed: int, count: int) -> list[dict[str, Any]]:
    """Lines for `libguard policy eval --batch`, six requests each."""
    out = []
    for number in range(count):
        maker = Maker(random.Random(f"{seed}:evaluation:{number}"))
        policies = [maker.policy() for _ in range(maker.rng.choice((1, 3, 8, 20)))]
        out.append(
            {
                "id": number,
                "policies": "\n".join(policies),
                "links": maker.links(policies),
                "entities": maker.entities(),
                "cases": [{"request": maker.request()} for _ in range(6)],
            }
        )
    return out


def mutate(rng: random.Random, text: str) -> str:
    """One to three changes between or inside of tokens."""
    tokens = TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(tokens))
        roll = rng.random()
        if roll < 0.3:
            tokens[at] = rng.choice(NOISE)
        elif roll < 0.55:
            tokens.insert(at, rng.choice(NOISE))
        elif roll < 0.7:
            tokens[at] = ""
        elif roll < 0.8:
            tokens[at] = tokens[rng.randrange(len(tokens))]
        elif roll < 0.9:
            tokens.insert(at, tokens[rng.randrange(len(tokens))])
        else:
            piece = tokens[at]
            cut = rng.randrange(len(piece) + 1)
            tokens[at] = piece[:cut] + rng.choice(('"', "\\", "(", " ", "\n", "é", ".", "*", "0")) + piece[cut:]
    return "".join(tokens)


def texts(seed: int, count: int) -> list[str]:
    """Policies as they were made and, mostly, changed."""
    out = []
    for number in range(count):
        rng = random.Random(f"{seed}:text:{number}")
        text = "\n".join(Maker(rng).policy() for _ in range(rng.choice((1, 1, 2))))
        out.append(text if rng.random() < 0.1 else mutate(rng, text))
    return out
