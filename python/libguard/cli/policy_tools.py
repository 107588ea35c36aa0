"""`libguard policy check|test|explain|simulate|replay|diff|learn`. Exit codes: 0 fine, 1 found something, 2 broken."""

from __future__ import annotations

import importlib.metadata
import json
import os
from typing import Annotated, Any

import typer

from libguard import policy_tools
from libguard.cli.errors import EXIT_DONE, EXIT_REFUSED, CliError
from libguard.cli.guard_door import AsJson, Config, config_path
from libguard.cli.policy_sarif import junit_of, sarif_of
from libguard.cli.views.policy_pages import show_check, show_diff, show_explained, show_learned, show_replay, show_tests

Catalogue = Annotated[
    list[str] | None,
    typer.Option("--catalogue", metavar="[NAME=]FILE", help="What `catalogue dump` wrote; default: ask the database."),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never ask a database.")]
Since = Annotated[str, typer.Option(metavar="TIME", help="Records from then on, e.g. 2026-11-24 (UTC).")]
Sessions = Annotated[list[str] | None, typer.Option("--session", metavar="ID", help="Only this session; repeatable.")]
Account = Annotated[str, typer.Option("--as", metavar="ACCOUNT", help="An account of guard.yaml.")]
Sql = Annotated[str, typer.Option("--sql", metavar="SQL", help="One statement.")]
Tool = Annotated[str, typer.Option("--tool", metavar="NAME", help="A tool instead of a statement.")]
Args = Annotated[str, typer.Option("--args", metavar="JSON", help="The tool's arguments.")]
Params = Annotated[str, typer.Option("--params", metavar="JSON", help="The statement's parameters, a list.")]
User = Annotated[str, typer.Option("--user", metavar="NAME", help="Whom the account acts for.")]
Approvals = Annotated[int, typer.Option("--approvals", metavar="N", min=0, help="As if N people had said yes.")]
Groups = Annotated[list[str] | None, typer.Option("--group", metavar="G", help="Whose stage is full; repeatable.")]
Connection = Annotated[str, typer.Option(metavar="NAME", help="A connection of guard.yaml.")]


def add_to(app: typer.Typer) -> None:
    for name, command in (
        ("check", check),
        ("test", test),
        ("explain", explain),
        ("simulate", simulate),
        ("replay", replay),
        ("diff", diff),
        ("learn", learn),
    ):
        app.command(name)(command)


def check(
    config: Config = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    as_json: AsJson = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0.")] = False,
) -> int:
    """Finds what is wrong with the policies: unknown names, rules that never match, cover one another, can err ..."""
    found = policy_tools.check(config_path(config), catalogues=_catalogues(catalogue), live=not offline)
    if sarif:
        print(json.dumps(sarif_of(found["findings"], importlib.metadata.version("libguard")), indent=1))
    elif as_json:
        print(json.dumps(found))
    else:
        show_check(found)
    return EXIT_REFUSED if found["counts"]["error"] + found["counts"]["warning"] else EXIT_DONE


def test(
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="YAML files of policy tests.")],
    *,
    config: Config = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    as_json: AsJson = False,
    mutate: Annotated[bool, typer.Option("--mutate", help="Change each policy; does a test notice?")] = False,
    coverage_min: Annotated[int, typer.Option(metavar="PERCENT", min=0, max=100, help="Fail below this.")] = 0,
    junit: Annotated[str | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
) -> int:
    """Runs policy tests, and says which policies no test reaches."""
    found = policy_tools.run_tests(
        files, config_path(config), catalogues=_catalogues(catalogue), live=not offline, mutate=mutate
    )
    if junit is not None:
        _write(junit, junit_of(found))
    if as_json:
        print(json.dumps(found))
    else:
        show_tests(found)
    survivors = found.get("mutants", {}).get("survivors", [])
    bad = found["failed"] or survivors or found["coverage"]["percent"] < coverage_min
    return EXIT_REFUSED if bad else EXIT_DONE


def explain(
    account: Account,
    *,
    sql: Sql = "",
    tool: Tool = "",
    args: Args = "{}",
    params: Params = "[]",
    user: User = "",
    approvals: Approvals = 0,
    group: Groups = None,
    connection: Connection = "",
    config: Config = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    as_json: AsJson = False,
) -> int:
    """Shows every question that policy was asked, who answered, and which permits came closest. Nothing runs."""
    asked = _action(sql, tool, args, params, user, connection) | {"approvals": approvals, "groups": group or ()}
    found = policy_tools.explain(account, **asked, **_bench(config, catalogue, offline or not sql))
    if as_json:
        print(json.dumps(found))
    else:
        show_explained(found, whole=True)
    return EXIT_DONE


def simulate(
    account: Account,
    *,
    sql: Sql = "",
    tool: Tool = "",
    args: Args = "{}",
    params: Params = "[]",
    user: User = "",
    approvals: Approvals = 0,
    group: Groups = None,
    connection: Connection = "",
    config: Config = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    as_json: AsJson = False,
) -> int:
    """The verdict alone. Exit code 0 for allow, 1 for anything else."""
    asked = _action(sql, tool, args, params, user, connection) | {"approvals": approvals, "groups": group or ()}
    found = policy_tools.simulate(account, **asked, **_bench(config, catalogue, offline or not sql))
    if as_json:
        print(json.dumps(found["decision"]))
    else:
        show_explained(found, whole=False)
    return EXIT_DONE if found["decision"]["verdict"] == "allow" else EXIT_REFUSED


def replay(
    *,
    against: Annotated[str | None, typer.Option(metavar="NEW", help="guard.yaml, a .cedar file or a folder.")] = None,
    config: Config = None,
    since: Since = "",
    session: Sessions = None,
    allow_narrowing: Annotated[bool, typer.Option(help="Exit 0 when things were only taken away.")] = False,
    as_json: AsJson = False,
) -> int:
    """Puts recorded history before another policy set. Exit code 1 when a verdict or mask changed."""
    found = policy_tools.replay(against, config_path(config), since=since, sessions=session or ())
    if as_json:
        print(json.dumps(found))
    else:
        show_replay(found)
    narrow = {"allow->deny", "allow->ask", "ask->deny", "mask+"}
    widened = [kind for kind in found["kinds"] if not (allow_narrowing and kind in narrow)]
    return EXIT_REFUSED if widened else EXIT_DONE


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="guard.yaml, a .cedar file or a folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same.")],
    *,
    config: Config = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    history: Annotated[bool, typer.Option("--history", help="Also over recorded history.")] = False,
    as_json: AsJson = False,
) -> int:
    """Which requests two sets answer differently. Exit code 1 when there are any."""
    found = policy_tools.diff(
        new, old, config_path(config), catalogues=_catalogues(catalogue), live=not offline, history=history
    )
    if as_json:
        print(json.dumps(found))
    else:
        show_diff(found)
    return EXIT_REFUSED if found["differ"] or found.get("history", {}).get("changes") else EXIT_DONE


def learn(
    *,
    config: Config = None,
    since: Since = "",
    session: Sessions = None,
    catalogue: Catalogue = None,
    offline: Offline = False,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to write them; default stdout.")] = None,
    as_json: AsJson = False,
) -> int:
    """Writes the least policies that recorded history needs, and says what is granted today and nobody used."""
    found = policy_tools.learn(
        config_path(config),
        since=since,
        sessions=session or (),
        catalogues=_catalogues(catalogue),
        live=not offline,
    )
    if out is not None:
        _write(out, found["cedar"])
    if as_json:
        print(json.dumps(found))
    else:
        show_learned(found, written=out)
    return EXIT_DONE


def _action(  # noqa: PLR0917
    sql: str, tool: str, args: str, params: str, user: str, connection: str
) -> dict[str, Any]:
    if bool(sql) == bool(tool):
        raise CliError("give either --sql or --tool")
    arguments = _json(args, dict, "--args")
    return {
        "sql": sql,
        "tool": tool,
        "args": arguments,
        "params": _json(params, list, "--params"),
        "user": user,
        "connection": connection,
    }


def _bench(config: str | None, catalogue: list[str] | None, offline: bool) -> dict[str, Any]:
    return {"config": config_path(config), "catalogues": _catalogues(catalogue), "live": not offline}


def _json(text: str, kind: type, option: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise CliError(f"{option} is not JSON") from None
    if not isinstance(value, kind):
        raise CliError(f"{option} must be a JSON {'object' if kind is dict else 'list'}")
    return value


def _catalogues(given: list[str] | None) -> dict[str, str]:
    out: dict[str, str] = {}
    for each in given or ():
        name, equals, path = each.partition("=")
        if not equals:
            name, path = "", each
        out[name or _only_connection()] = path
    return out


def _only_connection() -> str:
    from libguard.cli.guard_door import checked

    names = [str(each["name"]) for each in checked(None)["connections"]]
    if len(names) != 1:
        raise CliError("say whose catalogue it is: --catalogue NAME=FILE")
    return names[0]


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o644)) as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise CliError(f"{path} cannot be written: {getattr(error, 'strerror', None) or 'not a path'}") from None
