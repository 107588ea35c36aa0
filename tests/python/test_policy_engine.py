"""The Cedar engine from Python, and its batch doors on the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from conftest import real_native

pytestmark = pytest.mark.skipif(not real_native(), reason="the extension libguard._native is not built")

POLICIES = """
@id("reads") permit (principal in Group::"readers", action == Action::"read", resource) when { context.rows < 100 };
@id("errs") forbid (principal, action == Action::"drop", resource) when { context.missing };
"""
ENTITIES = [{"uid": {"type": "User", "id": "ada"}, "attrs": {}, "parents": [{"type": "Group", "id": "readers"}]}]


def request(action="read", rows=5, who="ada"):
    return {
        "principal": {"type": "User", "id": who},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Table", "id": "t"},
        "context": {"rows": rows, "flag": True, "text": "x"},
    }


@pytest.fixture
def engine():
    from libguard.policy import Engine

    return Engine(POLICIES, ENTITIES)


def test_answers(engine):
    assert len(engine) == 2
    ask = engine.prepare(request())
    assert ask() is True
    assert ask.answer().reasons == ["reads"]
    ask.set("rows", 100)
    assert ask() is False
    ask.set("flag", False)
    ask.set("text", "y")
    for name, value in (("absent", 1), ("rows", "1"), ("rows", True)):
        with pytest.raises(KeyError):
            ask.set(name, value)
    dropped = engine.ask(request("drop"))
    assert (dropped.allowed, dropped.reasons, dropped.errors) == (False, ["errs"], ["errs"])
    assert not engine.ask(request(who="bob")).allowed


def test_json_form_decides_like_the_text():
    from libguard import _native
    from libguard.policy import Engine

    form = json.loads(_native.policy_convert(json.dumps({"id": 1, "policies": POLICIES})))["json"]
    engine = Engine(form, ENTITIES)
    assert engine.ask(request()).allowed
    assert not engine.ask(request(rows=100)).allowed


@pytest.mark.parametrize("bad", ["permit(", "\x00", "permit (principal, action, resource) when { 1 + };", "é" * 10])
def test_what_cannot_be_used_says_where(bad):
    from libguard import Error
    from libguard.policy import Engine

    with pytest.raises(Error, match="line 1, column"):
        Engine(bad)


@pytest.mark.parametrize("bad", ["", "[]", "{", '{"principal": 1}', {"principal": {"type": "User", "id": "a"}}])
def test_a_malformed_request_is_an_error(engine, bad):
    from libguard import Error

    with pytest.raises(Error, match=r"request|principal|action"):
        engine.prepare(bad)


def cli(*arguments, given):
    return subprocess.run(
        [sys.executable, "-m", "libguard.cli", "policy", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_parse_batch():
    lines = [
        {"id": 1, "policies": POLICIES},
        {"id": 2, "policies": "permit (principal == ?principal, action, resource);"},
        {"id": 3, "policies": "permit (principal,\n  acton, resource);"},
        {"id": 4},
    ]
    done = cli("parse", "--batch", "-", given="\n".join(map(json.dumps, lines)) + "\nnot json\n")
    assert done.returncode == 0, done.stderr
    first, template, wrong, missing, broken = map(json.loads, done.stdout.splitlines())
    assert (first["ok"], first["policies"], first["templates"]) == (True, 2, 0)
    assert (template["policies"], template["templates"]) == (0, 1)
    assert (wrong["ok"], wrong["error"]["line"], wrong["error"]["column"]) == (False, 2, 3)
    assert "^" in wrong["error"]["excerpt"]
    assert missing["error"]["code"] == broken["error"]["code"] == "batch.malformed"


def test_convert_there_and_back(tmp_path):
    path = tmp_path / "a.cedar"
    path.write_text(POLICIES)
    as_json = cli("convert", "--to", "json", str(path), given="")
    assert as_json.returncode == 0, as_json.stderr
    assert json.loads(as_json.stdout)["staticPolicies"]["policy0"]["annotations"] == {"id": "reads"}
    (tmp_path / "a.json").write_text(as_json.stdout)
    as_text = cli("convert", "--to", "cedar", str(tmp_path / "a.json"), given="")
    assert as_text.returncode == 0, as_text.stderr
    assert "context.rows < 100" in as_text.stdout
    path.write_text("permit(")
    broken = cli("convert", "--to", "json", str(path), given="")
    assert broken.returncode == 2
    assert "line 1" in broken.stderr


UGLY = '// why\n@id("a")permit(principal,action,resource)when{context.n<1&&context.s like"a*"// so\n};\n'
NEAT = """// why
@id("a")
permit (principal, action, resource)
when {
  context.n < 1 &&
  context.s like "a*" // so
};
"""


def test_format_prints_checks_and_writes(tmp_path):
    from libguard.policy import format_text

    assert format_text(UGLY) == NEAT
    path = tmp_path / "a.cedar"
    path.write_text(UGLY)
    path.chmod(0o640)
    link = tmp_path / "link.cedar"
    link.symlink_to(path)
    printed = cli("format", str(path), given="")
    assert (printed.returncode, printed.stdout) == (0, NEAT)
    assert cli("format", "-", given=UGLY).stdout == NEAT
    found = cli("format", "--check", str(path), given="")
    assert (found.returncode, path.read_text()) == (1, UGLY)
    assert str(path) in found.stdout
    written = cli("format", "--write", str(link), given="")
    assert (written.returncode, path.read_text(), link.is_symlink()) == (0, NEAT, True)
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.cedar", "link.cedar"]
    assert cli("format", "--check", str(path), given="").returncode == 0


def test_format_changes_nothing_when_one_file_is_not_cedar(tmp_path):
    good, bad = tmp_path / "good.cedar", tmp_path / "bad.cedar"
    good.write_text(UGLY)
    bad.write_text("permit (principal,\n  acton, resource);\n")
    done = cli("format", "--write", str(good), str(bad), given="")
    assert done.returncode == 2
    assert good.read_text() == UGLY
    assert "bad.cedar" in done.stderr
    assert done.stderr.splitlines()[1:] == ["  2 |   acton, resource);", "    |   ^"]
    assert cli("format", "--write", "-", given=UGLY).returncode == 2
    assert cli("format", "--check", "--write", str(good), given="").returncode == 2
    assert cli("format", "--width", "10", str(good), given="").returncode == 2
