"""Random SELECTs over a small shop of which some columns are classified. What they ask is nonsense; that each clause of
SQL stands at each place where it may is the point.

Templates hold holes: `{int}`, `{text}`, `{date}`, `{json}`, `{bool}` an expression, `{same}` one of the template's own
type, `{cond}` a condition, `{row}` an alias as a whole row, `{query}` a subquery of one column, `{exists}` of any."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

TYPES = ("int", "text", "text", "bool", "json", "date")


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    secret: bool = False


@dataclass(frozen=True)
class Source:
    """What stands in FROM: an alias and its columns."""

    alias: str
    columns: tuple[Column, ...]


def _columns(*words: str) -> tuple[Column, ...]:
    """`"email text!"` is a column of text that is classified or derived from one that is."""
    return tuple(Column(name, kind.rstrip("!"), kind.endswith("!")) for name, kind in (word.split() for word in words))


TABLES = {
    "customers": _columns(
        "id int",
        "name text",
        "email text!",
        "ssn text!",
        "age int",
        "score int!",
        "city text",
        "profile json",
        "joined date",
    ),
    "orders": _columns("id int", "customer_id int", "total int", "note text", "card text!", "fee int!"),
    "v_cust": _columns("id int", "mail text!", "name text", "size int!", "city text"),
    "v_agg": _columns("city text", "n int", "top int!"),
}

_ANY = (
    "(CASE WHEN {cond} THEN {same} ELSE {same} END)",
    "coalesce({same}, {same})",
    "nullif({same}, {same})",
    "({query})",
)
_BOTH = {
    "int": ("({int} + {int})", "({int} * {int})", "length({text})", "abs({int})", "({int} % 7)", "({int} / {int})"),
    "text": (
        "upper({text})", "({text} || {text})", "substr({text}, 1, 2)", "replace({text}, 'a', {text})", "trim({text})",
        "CAST({int} AS text)",
    ),
    "bool": ("({cond})",),
    "json": (),
    "date": (),
}  # fmt: skip
_POSTGRES = {
    "int": (
        "position({text} in {text})", "ascii({text})", "({bool})::int", "greatest({int}, {int})", "strpos({text}, 'a')",
        "width_bucket({int}, 0, 50, 5)", "cardinality(ARRAY[{int}, {int}])", "(ARRAY[{int}, {int}])[{int}]",
        "extract(day from {date})::int", "num_nulls({text}, {int})", "pg_column_size({text})", "hashtext({text})",
    ),
    "text": (
        "left({text}, {int})", "md5({text})", "concat({text}, {int})", "concat_ws('-', {text}, {int})",
        "format('%s', {text})", "{text}::varchar(3)", "repeat({text}, 2)", "translate({text}, 'abc', 'xyz')",
        "quote_literal({text})", "to_char({int}, '999')", "regexp_replace({text}, 'a.', 'b')", "({row})::text",
        "split_part({text}, 'a', 1)", "row({text}, {int})::text", "array_to_string(ARRAY[{text}], ',')",
        "initcap({text})", "least({text}, {text})", "({json} ->> 'a')", "pg_typeof({text})::text",
        "encode({text}::bytea, 'hex')",
    ),
    "bool": (),
    "json": (
        "to_jsonb({text})", "jsonb_build_object('k', {text}, 'n', {int})", "to_jsonb({row})",
        "jsonb_build_array({int}, {text})", "({json} || {json})",
    ),
    "date": ("({date} + ({int} % 9))", "least({date}, {date})"),
}  # fmt: skip
_SQLITE = {
    "int": (
        "instr({text}, {text})", "unicode({text})", "max({int}, {int})", "iif({bool}, {int}, 0)",
        "CAST({text} AS INTEGER)", "(({int}) << 1)", "likely({int})", "json_array_length({json})",
    ),
    "text": (
        "hex({text})", "printf('%s', {text})", "typeof({text})", "quote({text})", "json_extract({json}, '$.a')",
        "json_object('k', {text})", "ifnull({text}, 'z')", "char({int})", "strftime('%d', {date})",
    ),
    "bool": (),
    "json": ("json_array({text})", "json_object('a', {int})"),
    "date": ("date({date})",),
}  # fmt: skip
_CONDITIONS_BOTH = (
    "{int} = {int}", "{text} <> {text}", "{int} < {int}", "{text} >= {text}", "{text} IS NULL", "{int} IS NOT NULL",
    "{text} LIKE {text}", "{int} IN ({int}, {int}, 3)", "{int} BETWEEN {int} AND {int}", "EXISTS ({exists})",
    "{text} IN ({query})", "({cond} AND {cond})", "({cond} OR {cond})", "NOT ({cond})", "{int} > 1",
)  # fmt: skip
_CONDITIONS_POSTGRES = (
    "{int} IS DISTINCT FROM {int}", "{text} ~ 'a'", "{text} = ANY ({query})", "{text} < ALL ({query})",
    "({int}, {text}) = ({int}, {text})", "({int}, {text}) < ({int}, {text})",
)  # fmt: skip
_CONDITIONS_SQLITE = ("{text} GLOB '*a*'", "{int} IS {int}")
_AGGREGATES_BOTH = {
    "int": ("count({text})", "count(*)", "max({int})", "sum({int})", "count(DISTINCT {text})"),
    "text": ("min({text})",),
    "date": ("max({date})",),
}
_AGGREGATES_POSTGRES = {
    "text": ("string_agg({text}, ',')",),
    "json": ("jsonb_agg({text})", "jsonb_agg({row})"),
    "bool": ("bool_or({cond})",),
}
_AGGREGATES_SQLITE = {
    "text": ("group_concat({text})",),
    "json": ("json_group_array({text})",),
    "bool": ("max({cond})",),
}
_WINDOWS = (
    "row_number() OVER (ORDER BY {column})", "rank() OVER (ORDER BY {column} DESC)",
    "lag({int}) OVER (ORDER BY {column})", "sum({int}) OVER (PARTITION BY {column})",
)  # fmt: skip
_LITERALS = {
    "text": ("'oslo'", "'a'", "'kiwi'", "''", "'x%'", "'bob'", "'%e%'"),
    "int": tuple(str(number) for number in range(-2, 60, 3)),
}
_HOLE = re.compile(r"\{(\w+)\}")
# A query takes from at most so many sources, and a text longer than this is made anew.
_SOURCES_MAX = 3
_CHARS_MAX = 6_000


class Selects:
    """An endless supply, the same for the same seed."""

    def __init__(self, seed: int, *, postgres: bool) -> None:
        self._random = random.Random(seed)
        self._postgres = postgres
        own, aggregates = (_POSTGRES, _AGGREGATES_POSTGRES) if postgres else (_SQLITE, _AGGREGATES_SQLITE)
        self._expressions = {kind: _ANY + _BOTH[kind] + own[kind] for kind in _BOTH}
        self._conditions = _CONDITIONS_BOTH + (_CONDITIONS_POSTGRES if postgres else _CONDITIONS_SQLITE)
        self._aggregates = {kind: _AGGREGATES_BOTH.get(kind, ()) + aggregates.get(kind, ()) for kind in _BOTH}
        self._tables = dict(TABLES)
        self._aliases = 0

    def __next__(self) -> str:
        while True:
            text = self._top()
            if len(text) <= _CHARS_MAX:
                return text

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _top(self) -> str:
        if self._chance(0.06):
            return self._whole_table()
        if self._chance(0.1):
            with_ = self._select((), 2, ("int", "text"), named=True)
            how = self._random.choice(("", "MATERIALIZED ")) if self._postgres else ""
            self._tables["w"] = _columns("c0 int", "c1 text")
            body = self._select((), 2, self._random.choices(TYPES, k=2))
            del self._tables["w"]
            return f"WITH w AS {how}({with_}) {body}"
        return self._select((), self._random.randint(1, 3), self._random.choices(TYPES, k=self._random.randint(1, 3)))

    def _whole_table(self) -> str:
        what = ["*", "{0}.*"] + (["{0}", "count({0})", "to_jsonb({0})", "row_to_json({0})"] if self._postgres else [])
        alias = self._alias()
        return f"SELECT {self._random.choice(what).format(alias)} FROM {self._random.choice(list(TABLES))} {alias}"

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def _column(self, sources: Sequence[Source], kind: str | None = None) -> str | None:
        found = [(s.alias, c) for s in sources for c in s.columns if kind in (None, c.kind)]
        if not found:
            return None
        secret = self._chance(0.25)
        alias, column = self._random.choice([each for each in found if each[1].secret == secret] or found)
        return f"{alias}.{column.name}" if self._chance(0.85) else column.name

    def _literal(self, kind: str) -> str:
        if kind in _LITERALS:
            return self._random.choice(_LITERALS[kind])
        if kind == "bool":
            return self._random.choice(("true", "false"))
        cast = {"date": ("date ", ""), "json": ("", "::jsonb")}[kind] if self._postgres else ("", "")
        return cast[0] + {"date": "'2024-01-05'", "json": "'{\"a\":1}'"}[kind] + cast[1]

    def _expression(self, sources: Sequence[Source], kind: str, depth: int) -> str:
        if depth <= 0 or self._chance(0.3):
            return (self._chance(0.8) and self._column(sources, kind)) or self._literal(kind)
        return self._filled(self._random.choice(self._expressions[kind]), sources, kind, depth - 1)

    def _condition(self, sources: Sequence[Source], depth: int) -> str:
        plain = [each for each in self._conditions if depth > 0 or not re.search(r"cond|query|exists", each)]
        return self._filled(self._random.choice(plain), sources, "text", depth - 1)

    def _filled(self, template: str, sources: Sequence[Source], kind: str, depth: int) -> str:
        def fill(hole: re.Match[str]) -> str:
            match hole[1]:
                case "cond":
                    return self._condition(sources, depth)
                case "column":
                    return self._column(sources) or "1"
                case "row":
                    return self._random.choice(sources).alias if sources else "1"
                case "query":
                    return self._one_value(sources, kind, depth)
                case "exists":
                    return self._select(sources, depth, ("int",))
                case word:
                    return self._expression(sources, kind if word == "same" else word, depth)

        return _HOLE.sub(fill, template)

    def _one_value(self, outer: Sequence[Source], kind: str, depth: int) -> str:
        if self._chance(0.5) or not self._aggregates[kind]:
            return self._select(outer, depth, (kind,), one=True)
        text, sources = self._from(depth)
        out = f"SELECT {self._filled(self._random.choice(self._aggregates[kind]), sources, kind, 1)}"
        if self._chance(0.15):
            out += f" FILTER (WHERE {self._condition(sources, 0)})"
        out += f" FROM {text}"
        return out + (f" WHERE {self._condition((*sources, *outer), 1)}" if self._chance(0.4) else "")

    def _from(self, depth: int) -> tuple[str, tuple[Source, ...]]:
        alias = self._alias()
        if depth > 0 and self._chance(0.2):
            kinds = self._random.choices(("int", "text"), k=self._random.randint(1, 3))
            columns = tuple(Column(f"c{i}", kind) for i, kind in enumerate(kinds))
            return f"({self._select((), depth - 1, kinds, named=True)}) {alias}", (Source(alias, columns),)
        table = self._random.choice(list(self._tables))
        text, sources = f"{table} {alias}", (Source(alias, self._tables[table]),)
        while len(sources) < _SOURCES_MAX and self._chance(0.3):
            text, sources = self._joined(text, sources, depth)
        return text, sources

    def _joined(self, text: str, sources: tuple[Source, ...], depth: int) -> tuple[str, tuple[Source, ...]]:
        alias, table = self._alias(), self._random.choice(list(self._tables))
        wider = (*sources, Source(alias, self._tables[table]))
        how = self._random.random()
        if self._postgres and how < 0.1 and depth > 0:
            inner = self._select(sources, depth - 1, ("int", "text"), named=True)
            return f"{text}, LATERAL ({inner}) {alias}", (*sources, Source(alias, _columns("c0 int", "c1 text")))
        if self._postgres and how < 0.15:
            count = self._expression(sources, "int", 1)
            series = f"{text}, generate_series(1, {count} % 3) {alias}(g)"
            return series, (*sources, Source(alias, _columns("g int")))
        if how < 0.25:
            return f"{text} NATURAL JOIN {table} {alias}", wider
        if how < 0.35:
            return f"{text} CROSS JOIN {table} {alias}", wider
        if how < 0.45:
            return f"{text} JOIN {table} {alias} USING (id)", wider
        kind = self._random.choice(("JOIN", "LEFT JOIN"))
        return f"{text} {kind} {table} {alias} ON {self._condition(wider, 1)}", wider

    def _select(
        self, outer: Sequence[Source], depth: int, kinds: Sequence[str], *, named: bool = False, one: bool = False
    ) -> str:
        text, sources = self._from(depth)
        whole = (*sources, *outer)
        items = [self._expression(whole if self._chance(0.4) else sources, kind, depth) for kind in kinds]
        tail = ""
        if not one and self._chance(0.2):
            items, tail = self._grouped(sources, kinds)
        elif not one and self._chance(0.08):
            windows = [self._filled(self._random.choice(_WINDOWS), sources, "int", 1) for _ in kinds]
            items = [windows[i] if kind == "int" else items[i] for i, kind in enumerate(kinds)]
        if named:
            items = [f"{item} AS c{i}" for i, item in enumerate(items)]
        distinct = not one and self._chance(0.08)
        out = f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(items)} FROM {text}"
        if self._chance(0.45):
            out += f" WHERE {self._condition(whole, min(depth, 2))}"
        out += tail
        if one:
            return out + self._random.choice(("", " ORDER BY 1")) + " LIMIT 1"
        if not tail and depth > 0 and self._chance(0.07):
            word = self._random.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
            return f"{out} {word} {self._select(outer, depth - 1, kinds)}"
        return out + self._ordered(sources, plain=not tail and not distinct)

    def _grouped(self, sources: Sequence[Source], kinds: Sequence[str]) -> tuple[list[str], str]:
        key = self._expression(sources, kinds[0], 0)
        items = [key]
        for kind in kinds[1:]:
            choices = self._aggregates[kind] or ("NULL",)
            items.append(self._filled(self._random.choice(choices), sources, kind, 0))
        tail = f" GROUP BY {self._random.choice(('1', key))}"
        if self._chance(0.3):
            having = self._random.choice(("count(*) > 1", "max({int}) > 10"))
            tail += f" HAVING {self._filled(having, sources, 'int', 0)}"
        return items, tail

    def _ordered(self, sources: Sequence[Source], *, plain: bool) -> str:
        if not self._chance(0.25):
            return ""
        key = self._column(sources) if plain and self._chance(0.5) else "1"
        return f" ORDER BY {key}" + (" LIMIT 2" if self._chance(0.5) else "")
