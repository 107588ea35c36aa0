"""What is typed wrong, cannot be read, or is not there: one sentence, exit code 2, never a traceback."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing

import pytest
from command_line import QUERY, one_sentence, process

WRONG = {
    "unknown command": ("nope",),
    "unknown option": ("mask", "--nope"),
    "no statement": ("explain",),
    "a statement and a batch": ("explain", "SELECT 1", "--batch", "x"),
    "a dialect that is none": ("explain", "SELECT 1", "--dialect", "oracle"),
    "a dialect and a connection": ("explain", "SELECT 1", "--dialect", "sqlite", "--connection", "shop"),
    "a catalogue alone": ("explain", "SELECT 1", "--catalogue", "x"),
    "a catalogue that is missing": ("explain", "SELECT 1", "--dialect", "sqlite", "--catalogue", "nowhere"),
    "a catalogue that is a folder": ("explain", "SELECT 1", "--dialect", "sqlite", "--catalogue", "."),
    "a catalogue that is no catalogue": ("explain", "SELECT 1", "--dialect", "sqlite", "--catalogue", "guard.yaml"),
    "an unknown connection": ("explain", "SELECT 1", "--connection", "nope"),
    "an unknown account": ("explain", "SELECT 1", "--as", "nobody"),
    "a batch that is missing": ("explain", "--batch", "nowhere", "--connection", "shop"),
    "a batch that is a folder": ("mask", "--batch", "."),
    "no proof": ("query", "SELECT 1", "--connection", "shop"),
    "two proofs": ("query", "SELECT 1", "--connection", "shop", "--account", "support-crew", "--token-file", "x"),
    "no connection": ("query", "SELECT 1", "--account", "support-crew"),
    "a token file that is missing": ("query", "SELECT 1", "--connection", "shop", "--token-file", "nowhere"),
    "an account that is a person": ("query", "SELECT 1", "--connection", "shop", "--account", "dana"),
    "an account that is nobody": ("query", "SELECT 1", "--connection", "shop", "--account", "nobody"),
    "a ticket for a batch": ("query", "--batch", "x", "--connection", "shop", "--account", "a", "--ticket", "t"),
    "a wait without end": (*QUERY, "SELECT 1", "--wait-s", "inf"),
    "a wait before now": (*QUERY, "SELECT 1", "--wait-s", "-1"),
    "an operator that is none": ("mask", "a@example.com", "--operator", "nope"),
    "a configuration that is missing": ("config", "check", "--config", "nowhere.yaml"),
    "a configuration that is a folder": ("config", "check", "--config", "."),
    "an unknown catalogue": ("catalogue", "dump", "--connection", "nope"),
    "a catalogue into nowhere": ("catalogue", "dump", "--connection", "shop", "--out", "no/where"),
    "a token of nobody": ("token", "issue", "--account", "nobody"),
    "a token without a name": ("token", "issue"),
    "a token without a subject": ("token", "issue", "--key-file", "keys/people.ed25519"),
    "a token of a public key": ("token", "issue", "--key-file", "keys/people.pub", "--subject", "dana"),
    "a token for ever": ("token", "issue", "--account", "support-crew", "--lifetime-s", "99999999"),
    "a token into a file that is there": ("token", "issue", "--account", "support-crew", "--out", "guard.yaml"),
    "records that are nowhere": ("audit", "verify", "--directory", "nowhere"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_sentence(shop, cli, name):
    if name == "records that are nowhere":
        # An empty record is a finding for one reader and an error for another; neither is a traceback.
        said = cli(*WRONG[name])
        assert said.code in (1, 2)
        assert "Traceback" not in said.err
        return
    said = cli(*WRONG[name])
    assert one_sentence(said), (said.code, said.out, said.err)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"a" * 1_000_000, b"a\x00b"])
def test_a_file_that_holds_no_token(shop, cli, content):
    (shop / "token").write_bytes(content)
    said = cli("query", "SELECT 1", "--connection", "shop", "--token-file", "token")
    assert one_sentence(said)
    assert "aaaa" not in said.err


def test_arguments_that_are_not_utf8(shop):
    for arguments in (
        (b"explain", b"SELECT '\xff'"),
        (b"mask", b"\xff\xfe"),
        (b"config", b"check", b"--config", b"\xff.yaml"),
        (b"\xff",),
    ):
        done = process(*arguments, cwd=shop)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_huge_arguments(shop, cli):
    for arguments in (
        ("explain", "SELECT " + "1," * 60_000 + "1"),
        (*QUERY, "SELECT '" + "a" * 120_000 + "'"),
        (*QUERY, "SELECT " + "(" * 50_000 + "1" + ")" * 50_000),
        (*QUERY, "SELECT 1", "--purpose", "a" * 120_000),
        ("sessions", "show", "s" * 120_000),
        ("approvals", "show", "t" * 120_000),
        ("mask", "a@example.com " * 8_000),
    ):
        said = cli(*arguments)
        assert said.code in (0, 1, 2)
        assert "Traceback" not in said.err
        assert len(said.err) < 3_000


def test_where_the_configuration_is_looked_for(shop, cli, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert one_sentence(cli("config", "check"))
    monkeypatch.setenv("LIBGUARD_CONFIG", str(shop / "guard.yaml"))
    assert cli("config", "check").code == 0
    # One that lies here wins over the variable, and --config over both.
    (elsewhere / "guard.yaml").write_text("version: 2\n")
    assert one_sentence(cli("config", "check"))
    assert cli("config", "check", "--config", str(shop / "guard.yaml")).code == 0


@pytest.mark.parametrize(
    "arguments",
    [("mask", "x"), ("key", "make"), ("policy", "roles"), ("policy", "schema"), ("policy", "eval", "--batch", "empty"),
     ("policy", "parse", "--batch", "empty"), ("policy", "validate", "--batch", "empty")],
    ids=" ".join,
)  # fmt: skip
def test_every_command_takes_config(shop, cli, arguments):
    (shop / "empty").write_text("")
    assert cli(*arguments, "--config", "guard.yaml").code == 0


def test_an_error_in_the_configuration_names_file_line_and_path(shop, cli):
    text = (shop / "guard.yaml").read_text().replace("driver: sqlite", "driver: oracle")
    (shop / "guard.yaml").write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "oracle" in each)
    for command in (
        ("config", "check"),
        (*QUERY, "SELECT 1"),
        ("approvals", "list"),
        ("audit", "verify"),
    ):
        said = cli(*command)
        assert one_sentence(said)
        assert "guard.yaml" in said.err
        assert str(line) in said.err
        assert "connections.shop.driver" in said.err


def test_config_check_writes_nothing(shop, cli):
    before = sorted(path.name for path in shop.rglob("*"))
    said = cli("config", "check", "--json")
    assert said.code == 0
    assert said.json["ok"] is True
    assert said.json["connections"] == [{"name": "shop", "driver": "sqlite"}]
    assert sorted(path.name for path in shop.rglob("*")) == before


def test_init_writes_a_set_that_works(shop, cli):
    for name in ("keys/issuer.ed25519", "keys/people.ed25519"):
        assert stat.S_IMODE((shop / name).stat().st_mode) == 0o600
    text = (shop / "guard.yaml").read_text()
    assert "public_key: keys/people.pub" in text
    # The private half of people's key is for the operator; only a comment names it.
    assert all(line.lstrip().startswith("#") for line in text.splitlines() if "people.ed25519" in line)
    assert cli("config", "check").code == 0
    # It works without the operator's key as well, once that has been moved away.
    os.remove(shop / "keys/people.ed25519")
    assert cli("config", "check").code == 0


def test_init_never_overwrites(shop, cli):
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    assert one_sentence(cli("init"))
    for name in ("guard.yaml", "shop.db", "keys/issuer.pub"):
        for path in before:
            path.unlink(missing_ok=True)
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text("mine")
        assert one_sentence(cli("init"))
        assert (shop / name).read_text() == "mine"
        assert [path.name for path in shop.rglob("*") if path.is_file()] == [os.path.basename(name)]


def test_init_for_an_own_database(shop, cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    with closing(sqlite3.connect(folder / "My Data.db")) as database:
        database.executescript(
            'CREATE TABLE people (id INTEGER PRIMARY KEY, "E_Mail" TEXT, name TEXT, card_no TEXT, "odd name" TEXT);'
            "INSERT INTO people VALUES (1, 'a@example.com', 'Ada', '4111111111111111', 'x');"
        )
    content = (folder / "My Data.db").read_bytes()
    said = cli("init", "--database", str(folder / "My Data.db"), "--directory", str(folder))
    assert said.code == 0, said.err
    assert (folder / "My Data.db").read_bytes() == content
    assert not (folder / "shop.db").exists()
    query = ("query", "--connection", "my-data", "--account", "support-crew", "--config", str(folder / "guard.yaml"))
    said = cli(*query, "SELECT * FROM people", "--json")
    assert said.code == 0, said.out + said.err
    assert "Ada" in said.out
    assert "a@example.com" not in said.out
    assert "4111111111111111" not in said.out


@pytest.mark.parametrize("content", [None, b"", b"not a database at all" * 100, b"\x00" * 5_000])
def test_init_for_something_that_is_no_database(shop, cli, tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("own")
    if content is not None:
        (folder / "x.db").write_bytes(content)
    said = cli("init", "--database", str(folder / "x.db"), "--directory", str(folder / "new"))
    if content == b"":  # an empty file is an empty database
        assert said.code == 0
        return
    assert one_sentence(said)
    assert not (folder / "new").exists()


def test_init_into_nowhere(shop, cli):
    assert one_sentence(cli("init", "--directory", "guard.yaml/below"))


def test_help_says_every_command(cli):
    said = cli("--help")
    assert said.code == 0
    for name in (
        "init",
        "config",
        "token",
        "key",
        "explain",
        "query",
        "policy",
        "mask",
        "catalogue",
        "approvals",
        "sessions",
        "audit",
    ):
        assert name in said.out
        assert cli(name, "--help").code == 0
