"""What others wrote must not be able to change what a person sees."""

from __future__ import annotations

import json

import pytest
from command_line import QUERY, REFUND

from libguard.cli.errors import SENTENCE_CHARS_MAX, one_line
from libguard.cli.text import shortened, visible

HOSTILE = {
    "escape sequence": "\x1b[2J\x1b[31mred",
    "carriage return": "deny\rapprove",
    "line feed": "a\nrisk 0 of 100",
    "right to left": "\u202egnip",
    "isolate": "a\u2066b\u2069",
    "zero width": "dro\u200bp",
    "joiner": "a\u200db",
    "byte order mark": "\ufeffa",
    "line separator": "a\u2028b",
    "soft hyphen": "a\u00adb",
    "private use": "\ue000",
    "surrogate": "\ud800",
    "tag characters": "\U000e0041",
    "variation selector": "a\ufe0f",
    "blank letter": "\u3164",
    "C1 control": "\x9b31m",
    "bell": "\x07",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hidden_characters_are_shown(name):
    text = visible(HOSTILE[name])
    assert text.isprintable()
    assert "\\u{" in text
    assert visible(text) == text


def test_ordinary_text_stays(cli):
    for text in ("SELECT 'Grüße', 東京 -- ok", "[bold]not markup[/bold]", "a\\b"):
        assert visible(text) == text


def test_shortened_says_that_there_is_more():
    assert shortened("a" * 20, 10) == "aaaaaaa..."
    assert shortened("a  b\n c", 10) == "a b c"


def test_an_error_is_one_line_of_bounded_length():
    sentence = one_line("a\n\x1b[2J" + "b" * 1_000_000)
    assert sentence.isprintable()
    assert len(sentence) <= SENTENCE_CHARS_MAX + 10


MARKUP = "[red]approved[/red] \x1b[2J\u202eolleh"


def test_markup_and_escapes_in_rows_are_text(shop, cli):
    said = cli(*QUERY, "SELECT ? AS a", "--param", json.dumps(MARKUP))
    assert said.code == 0, said.err
    assert "[red]approved[/red]" in said.out
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def test_markup_and_escapes_on_the_approvers_page(shop, cli):
    asked = cli(
        *QUERY, REFUND, "--param", "48900", "--param", "1042", "--explanation", MARKUP, "--user", "x\u202ey", "--json"
    )
    assert asked.code == 1
    tickets = cli("approvals", "list", "--json").json
    if not tickets:  # a user with hidden characters may be refused altogether, which is as well
        assert asked.json["outcome"] == "refused"
        return
    for said in (cli("approvals", "list"), cli("approvals", "show", tickets[0]["id"])):
        assert said.code == 0
        assert "\x1b" not in said.out
        assert "\u202e" not in said.out


def test_markup_and_escapes_in_sessions(shop, cli):
    cli(*QUERY, "SELECT 'a' -- [red]x[/red] \u202e\x1b[2J", "--purpose", MARKUP)
    listed = cli("sessions", "list")
    session = cli("sessions", "list", "--json").json[0]["session"]
    for said in (listed, cli("sessions", "show", session), cli("sessions", "replay", session, "--pace", "0")):
        assert said.code == 0
        assert "\x1b" not in said.out
        assert "\u202e" not in said.out
