"""`libguard init`: a commented working set that can be tried at once. It never overwrites anything."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from libguard.cli.errors import EXIT_DONE, CliError
from libguard.cli.guard_door import core

WORKING_SET = Path(__file__).parent / "working_set"
COLUMNS_MAX = 5_000  # of a database that is looked through for columns that sound personal
CLASSES = (("pii.email", "label", "mail"), ("pii.card", '"partial:last=4"', "card"), ("pii.ssn", "redact", "ssn"))
PRESETS = {
    "read-only": "reads every table, sees no classified value, changes nothing",
    "analyst": "reads, and may search by classified columns, whose values stay masked",
    "operator": "reads and writes rows named by key; more than 100 rows need an approval",
}
OWN_POLICIES = 'policies: ["libguard:baseline", "policies/*.cedar"]'
SHOP_FACTS = """# What a statement assigns becomes context.refund_cents in policies; a value in doubt is refused.
facts:
  refund_cents: { assigned: shop/main.orders.refunded_cents }

"""


def init(
    database: Annotated[
        str | None, typer.Option(metavar="PATH", help="Guard this SQLite database instead of a sample shop.db.")
    ] = None,
    directory: Annotated[str, typer.Option(metavar="DIR", help="Where to write.")] = ".",
    preset: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="A shipped role in place of a policy file: read-only, analyst or operator."),
    ] = None,
) -> int:
    """Writes guard.yaml, a policy, an issuer's key and a key pair for people; without --database a sample shop."""
    if preset is not None and preset not in PRESETS:
        raise CliError(f"there is no preset of this name; there are {', '.join(PRESETS)}")
    folder = Path(directory)
    files = _texts(folder, database, preset)
    keys = ("keys/issuer.ed25519", "keys/issuer.pub", "keys/people.ed25519", "keys/people.pub")
    _refuse_to_overwrite(folder, [*files, *keys, *(() if database else ("shop.db",))])
    with _told(folder):
        for sub in {"keys", *(str(Path(name).parent) for name in files)}:
            (folder / sub).mkdir(parents=True, exist_ok=True)
        (folder / "keys").chmod(0o700)
    native = core()
    for name in ("issuer", "people"):
        native.write_issuer_key(str(folder / f"keys/{name}.ed25519"), str(folder / f"keys/{name}.pub"))
    with _told(folder):
        if database is None:
            _make_shop(folder / "shop.db")
        for name, text in files.items():
            with open(folder / name, "x", encoding="utf-8") as file:
                file.write(text)
    checked = json.loads(native.config_check(str(folder / "guard.yaml")))
    _report(
        folder,
        [*files, *keys, *(() if database else ("shop.db",))],
        checked["connections"][0]["name"],
        _account(preset),
    )
    return EXIT_DONE


def _account(preset: str | None) -> str:
    return "agent" if preset else "support-crew"


def _policies_text(preset: str | None, connection: str) -> str:
    if preset is None:
        return OWN_POLICIES
    approvers = ", approvers: approvers" if preset == "operator" else ""
    return (
        f'policies: ["libguard:baseline"]\n\n'
        f"# Shipped roles. {preset}: {PRESETS[preset]}.\n"
        f"# `libguard policy roles` lists them with their text; rules of your own go into files under `policies:`.\n"
        f"roles:\n"
        f"  agents-{preset}: {{ role: {preset}@1, group: agents, connection: {connection}{approvers} }}"
    )


def _texts(folder: Path, database: str | None, preset: str | None) -> dict[str, str]:
    template = (WORKING_SET / "guard.yaml").read_text()
    policy = (WORKING_SET / "support.cedar").read_text()
    if database is None:
        name, path, data, facts = "shop", "shop.db", _data_text("shop", _sample_columns()), SHOP_FACTS
        rules = (WORKING_SET / "shop_rules.cedar").read_text()
    else:
        columns = _personal_columns(database)
        name, facts, rules = _name_of(database), "", ""
        path, data = json.dumps(os.path.relpath(database, folder), ensure_ascii=False), _data_text(name, columns)
    marks = {
        "CONNECTION": name,
        "PATH": path,
        "DATA": data,
        "FACTS": facts,
        "ACCOUNT": _account(preset),
        "GROUP": "agents" if preset else "support",
        "APPROVERS": "approvers" if preset else "finance",
        "POLICIES": _policies_text(preset, name),
    }
    for mark, text in marks.items():
        template = template.replace(f"@{mark}@", text)
    if preset is not None:
        return {"guard.yaml": template}
    policy = policy.replace("@CONNECTION@", name).replace("@RULES@\n", rules)
    return {"guard.yaml": template, "policies/support.cedar": policy}


def _refuse_to_overwrite(folder: Path, names: list[str]) -> None:
    there = [name for name in names if os.path.lexists(folder / name)]
    if there:
        raise CliError(f"{folder / there[0]} is there already, and init never overwrites; nothing was written")


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        named = getattr(error, "filename", None) or folder
        raise CliError(f"{named} cannot be written: {getattr(error, 'strerror', None) or 'not a path'}") from None


def _make_shop(path: Path) -> None:
    # Made first, so that no file that came into being meanwhile is written into.
    with open(path, "x"):
        pass
    with contextlib.closing(sqlite3.connect(path)) as shop:
        shop.executescript((WORKING_SET / "shop.sql").read_text())


def _sample_columns() -> dict[str, list[str]]:
    return {"pii.email": ["main.customers.email"], "pii.card": ["main.customers.card"]}


def _personal_columns(database: str) -> dict[str, list[str]]:
    """Columns whose names sound personal. A guess to begin with: the page says that a person must go on from there."""
    found: dict[str, list[str]] = {}
    try:
        with open(database, "rb"):
            pass
        source = f"file:{quote(os.path.abspath(database))}?mode=ro"
        with contextlib.closing(sqlite3.connect(source, uri=True, timeout=2)) as shop:
            query = (
                "SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p "
                f"WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT {COLUMNS_MAX}"
            )
            names = shop.execute(query).fetchall()
    except sqlite3.Error:
        raise CliError(f"{database} cannot be read as a SQLite database") from None
    except (OSError, ValueError) as error:
        raise CliError(f"{database} cannot be read: {getattr(error, 'strerror', None) or 'not a path'}") from None
    for table, column in names:
        if not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in (table, column)):
            continue
        for data_class, _, part in CLASSES:
            if part in column.lower():
                found.setdefault(data_class, []).append(f"main.{table}.{column}")
                break
    return found


def _data_text(connection: str, columns: dict[str, list[str]]) -> str:
    lines = []
    for data_class, show, _ in CLASSES:
        if columns.get(data_class):
            listed = ", ".join(f"{connection}/{column}" for column in columns[data_class])
            lines.append(f"  {data_class}: {{ columns: [{listed}], show: {show} }}\n")
    return "".join(lines)


def _name_of(database: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", Path(database).stem.lower()).strip("-")
    return name if name and name[0].isalpha() else "main"


def _report(folder: Path, names: list[str], connection: str, account: str) -> None:
    from libguard.cli.views.terminal import line, pairs

    line("written, and checked:", "bold green")
    pairs((" ", str(folder / name)) for name in names)
    line("")
    line(
        "keys/people.ed25519 makes people. Move it to the operator's own machine: the guard needs only people.pub.",
        "yellow",
    )
    line("")
    line("Try:", "bold")
    for command in (
        f"libguard catalogue dump --connection {connection}",
        f'libguard explain "DELETE FROM orders" --connection {connection} --as {account}'
        if connection == "shop"
        else f'libguard explain "SELECT 1" --connection {connection} --as {account}',
        f'libguard query "SELECT * FROM customers" --connection {connection} --account {account}'
        if connection == "shop"
        else f'libguard query "SELECT 1" --connection {connection} --account {account}',
        "libguard sessions list",
        "libguard audit verify",
    ):
        line(f"  {command}")
