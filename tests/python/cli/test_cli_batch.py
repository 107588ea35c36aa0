"""Batch doors: every line has its answer, in order, whatever the line is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from command_line import QUERY, process

from libguard.cli import batch

DEEP = b'{"id":"deep","sql":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD = {
    "empty": b"",
    "not JSON": b"SELECT 1",
    "not UTF-8": b'{"id":1,"sql":"\xff\xfe"}',
    "NUL": b'{"id":1,"sql":"a\x00b"}',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "cut off": b'{"id":1,"sql":"SELECT',
    "a member twice": b'{"id":1,"id":2,"sql":"SELECT 1"}',
    "NaN": b'{"id":NaN,"sql":"SELECT 1"}',
    "deep": DEEP,
    "half a surrogate pair": b'{"id":"x","sql":"\\ud800"}',
    "a BOM": b'\xef\xbb\xbf{"id":1,"sql":"SELECT 1"}',
    "wide": b'{"id":1,"x":"' + b"a" * 1_000_000,
}
BAD_SQL = {
    "no sql": b'{"id":"named"}',
    "sql is a number": b'{"id":"named","sql":5}',
    "sql is null": b'{"id":"named","sql":null}',
    "params are an object": b'{"id":"named","sql":"SELECT 1","params":{}}',
}


@pytest.fixture
def lines(tmp_path):
    def write(*given: bytes) -> str:
        path = tmp_path / "lines.jsonl"
        path.write_bytes(b"\n".join(given) + b"\n")
        return str(path)

    return write


def doors(shop) -> dict[str, tuple[tuple[str, ...], bytes]]:
    case = {"policies": "", "entities": [], "cases": []}
    return {
        "explain": (("explain", "--connection", "shop"), b'"sql":"SELECT 1"'),
        "explain without a guard": (("explain", "--dialect", "postgres"), b'"sql":"SELECT 1"'),
        "query": (QUERY, b'"sql":"SELECT 1"'),
        "mask": (("mask",), b'"text":"mail a@example.com"'),
        "policy": (("policy", "eval"), json.dumps(case)[1:-1].encode()),
    }


DOORS = ("explain", "explain without a guard", "query", "mask", "policy")


@pytest.mark.parametrize("door", DOORS)
def test_every_line_is_answered_in_order(shop, cli, lines, door):
    command, good = doors(shop)[door]
    given = []
    for number, bad in enumerate(BAD.values()):
        given += [b'{"id":%d,%s}' % (number, good), bad]
    said = cli(*command, "--batch", lines(*given))
    assert said.code == 0, said.err
    answers = said.lines
    assert len(answers) == len(given)
    for number, name in enumerate(BAD):
        assert answers[2 * number]["id"] == number
        assert "error" not in answers[2 * number] or answers[2 * number]["error"] is None
        error = answers[2 * number + 1]["error"]
        assert set(error) == {"code", "message"}, name
        assert error["code"], name


@pytest.mark.parametrize("door", ["explain", "explain without a guard", "query"])
@pytest.mark.parametrize("name", BAD_SQL)
def test_a_line_that_can_be_read_keeps_its_id(shop, cli, lines, door, name):
    command, _ = doors(shop)[door]
    (answer,) = cli(*command, "--batch", lines(BAD_SQL[name])).lines
    assert answer["id"] == "named"
    assert answer["error"]["code"] == "batch.malformed"


@pytest.mark.parametrize(
    "line_id", ["1", '"text"', "null", "1.5", "[1,2]", '{"a":1}', "12345678901234567890", '"\\u00e4"']
)
def test_an_id_comes_back_as_it_was(shop, cli, lines, line_id):
    for command in (("explain", "--connection", "shop"), QUERY):
        (answer,) = cli(*command, "--batch", lines(b'{"id":%s,"sql":"SELECT 1"}' % line_id.encode())).lines
        assert answer["id"] == json.loads(line_id)


def test_a_line_that_is_too_long_is_passed_over(tmp_path, cli, monkeypatch, lines):
    monkeypatch.setattr(batch, "LINE_BYTES_MAX", 64)
    path = lines(b'{"id":1,"text":"a"}', b"x" * 64, b"x" * 65, b"x" * 5_000_000, b'{"id":2,"text":"b"}')
    answers = []
    monkeypatch.setattr(sys.stdout, "write", lambda text: None, raising=False)
    with batch._source(path) as source:
        answers = [batch._answered(line, lambda line: "ok") for line in batch._lines(source)]
    assert [json.loads(each)["error"]["code"] if each != "ok" else "ok" for each in answers] == [
        "ok",
        "ok",
        "batch.too_long",
        "batch.too_long",
        "ok",
    ]


def test_a_last_line_without_an_end_is_a_line(shop, cli, tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"id":1,"text":"a"}\r\n{"id":2,"text":"b"}')
    assert [each["id"] for each in cli("mask", "--batch", str(path)).lines] == [1, 2]


def test_no_line_is_no_answer(shop, cli, tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"")
    said = cli("mask", "--batch", str(path))
    assert (said.code, said.out) == (0, "")


def test_stdin_is_answered_line_by_line(shop):
    child = subprocess.Popen(
        [sys.executable, "-m", "libguard.cli", "explain", "--connection", "shop", "--batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        cwd=shop,
    )
    with child:
        for number in range(3):
            child.stdin.write(b'{"id":%d,"sql":"SELECT 1"}\n' % number)
            child.stdin.flush()
            # Nothing more is sent before this answer is there.
            assert json.loads(child.stdout.readline())["id"] == number
        child.stdin.close()
        assert child.stdout.read() == b""
    assert child.returncode == 0


def test_a_reader_that_goes_away_is_no_traceback(shop):
    many = b"".join(b'{"id":%d,"text":"%s"}\n' % (number, b"a" * 2_000) for number in range(500))
    (shop / "many.jsonl").write_bytes(many)
    shell = f"{sys.executable} -m libguard.cli mask --batch many.jsonl | head -1"
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", shell], capture_output=True, cwd=shop, env=environment, timeout=60, check=False)
    assert json.loads(done.stdout)["id"] == 0
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_an_answer_holds_what_the_issue_says(shop, cli, lines):
    given = [
        {"id": "a", "sql": "SELECT id, email, card FROM customers WHERE id = ?", "params": [1]},
        {"id": "b", "sql": "DROP TABLE customers"},
        {
            "id": "c",
            "sql": "UPDATE orders SET status = 'refunded', refunded_cents = ? WHERE id = ?",
            "params": [100, 1043],
        },
        {
            "id": "d",
            "sql": "UPDATE orders SET status = 'refunded', refunded_cents = ? WHERE id = ?",
            "params": [48900, 1042],
        },
    ]
    said = cli(*QUERY, "--batch", lines(*(json.dumps(each).encode() for each in given)))
    read, dropped, small, large = said.lines
    fields = {"id", "outcome", "code", "reason", "record", "columns", "rows", "affected", "error"}
    assert all(fields <= set(answer) for answer in said.lines)
    assert [answer["id"] for answer in said.lines] == ["a", "b", "c", "d"]
    assert [answer["outcome"] for answer in said.lines] == ["completed", "refused", "completed", "pending"]
    assert read["columns"] == [
        {"name": "id", "masked": False, "class": "", "operator": ""},
        {"name": "email", "masked": True, "class": "pii.email", "operator": "label"},
        {"name": "card", "masked": True, "class": "pii.card", "operator": "partial"},
    ]
    assert "mia.berger@example.com" not in said.out
    assert "4111111111111111" not in said.out
    assert (dropped["rows"], dropped["affected"], dropped["error"]) == ([], 0, None)
    assert small["affected"] == 1
    assert large["ticket"].startswith("t-")


def test_explained_with_a_decision(shop, cli, lines):
    line = b'{"id":1,"sql":"DELETE FROM orders"}'
    (answer,) = cli("explain", "--connection", "shop", "--as", "support-crew", "--batch", lines(line)).lines
    fields = {"id", "understood", "kinds", "effect", "reads", "writes", "functions", "statements", "bounded", "tests"}
    assert fields | {"readonly_safe", "destructive", "reveals", "doubts", "decision"} <= set(answer)
    assert answer["writes"] == ["main.orders"]
    assert answer["bounded"] == [{"object": "main.orders", "action": "delete", "bound": "none"}]
    assert answer["decision"]["verdict"] == "deny"
    (plain,) = cli("explain", "--connection", "shop", "--batch", lines(line)).lines
    assert "decision" not in plain


def test_a_dumped_catalogue_explains_the_same(shop, cli, lines):
    assert cli("catalogue", "dump", "--connection", "shop", "--out", "catalogue.json").code == 0
    given = lines(
        b'{"id":1,"sql":"SELECT upper(email) FROM customers WHERE name = \'x\'"}',
        b'{"id":2,"sql":"UPDATE orders SET status = 1 WHERE id = 5"}',
        b'{"id":3,"sql":"SELECT nobody FROM nowhere"}',
    )
    with_file = cli("explain", "--dialect", "sqlite", "--catalogue", "catalogue.json", "--batch", given)
    assert with_file.code == 0
    assert with_file.lines == cli("explain", "--connection", "shop", "--batch", given).lines
    without = cli("explain", "--dialect", "sqlite", "--batch", given).lines
    assert all("no_catalogue" in each["doubts"] for each in without if each["understood"])


def test_raw_stdin_is_no_danger(shop):
    done = process("mask", "--batch", "-", given=b'\xff\n{"id":1,"text":"a@example.com"}\n\x00\n', cwd=shop)
    assert done.returncode == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [None, 1, None]
    assert answers[1]["masked"] == "<EMAIL_ADDRESS>"
