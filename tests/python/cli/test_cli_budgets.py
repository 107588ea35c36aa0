"""`libguard budgets`: what was used, and setting it back."""

from __future__ import annotations

from command_line import QUERY, one_sentence

RULES = """
@id("day") forbid (principal, action == Action::"connect", resource) when { context.account_calls_today >= 2 };
"""
RESETS = """
@id("resets") permit (principal == User::"dana", action == Action::"use",
  resource == Tool::"libguard.budgets.reset");
"""
ASK = (*QUERY, "SELECT id FROM orders WHERE id = 1042", "--json")


def test_nothing_is_counted_that_no_policy_reads(shop, cli):
    assert cli(*ASK).code == 0
    assert cli("budgets", "show", "--json").json == []
    assert "nothing is counted" in cli("budgets", "show").out
    assert not (shop / "state" / "budgets.db").exists()


def test_used_up_shown_and_set_back(shop, cli, dana):
    (shop / "policies" / "budgets.cedar").write_text(RULES)
    assert [cli(*ASK).code for _ in range(3)] == [0, 0, 1]
    said = cli(*ASK)
    assert said.json["code"] == "policy.budget"
    assert "account_calls_today is used up: 3 of 2" in said.json["reason"]
    [line] = cli("budgets", "show", "--json").json
    assert (line["budget"], line["name"], line["calls"]) == ("account_today", "support-crew", 4)
    assert "support-crew" in cli("budgets", "show").out

    refused = cli("budgets", "reset", "support-crew", "--token-file", str(dana))
    assert refused.code == 1
    assert "libguard.budgets.reset" in refused.err
    assert cli(*ASK).code == 1
    (shop / "policies" / "budgets.cedar").write_text(RULES + RESETS)
    said = cli("budgets", "reset", "support-crew", "--token-file", str(dana), "--json")
    assert (said.code, said.json["counters"]) == (0, 1)
    assert cli(*ASK).code == 0
    assert cli("budgets", "reset", "--all", "--token-file", str(dana)).code == 0


def test_what_is_asked_must_be_clear(shop, cli, dana):
    assert one_sentence(cli("budgets", "reset", "--token-file", str(dana)))
    assert one_sentence(cli("budgets", "reset", "a", "--all", "--token-file", str(dana)))
    assert one_sentence(cli("budgets", "reset", "a"))
