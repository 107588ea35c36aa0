"""The demo's acts, in order. Each says its place in the sentence and claims only what it has just observed."""

from __future__ import annotations

import contextvars
import json
import os
import pickle
import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from desk import Done, run_crew
from plain_tool import PlainSQLTool
from rich.text import Text
from scripted import Call
from second_process import Said, dana_votes, libguard
from stage import Stage
from world import World

from libguard import Guard
from libguard.chain import Hop
from libguard.crewai import GuardedSQLTool
from libguard.keys import issue_token

EMAIL = "mia.berger@example.com"
PRIVATE_EMAIL = "mia@private.example.org"
CARD = "4111111111111111"
LARGE = 48_900  # cents; the policy lets the crew refund 20,000 on its own
APPROVAL_SECONDS_MAX = 300
ANSWER_CHARS_SHOWN = 230


@dataclass
class Play:
    """What the acts share."""

    world: World
    stage: Stage
    guard: Guard
    interactive: bool = False
    sessions: dict[str, str] = field(default_factory=dict)
    refund_done: bool = False

    @property
    def plain(self) -> PlainSQLTool:
        return PlainSQLTool(db_uri=self.world.plain_uri)

    def guarded(self, wait_s: float = 0) -> GuardedSQLTool:
        on_pending = "wait" if wait_s else "return"
        return GuardedSQLTool(guard=self.guard, connection="shop", on_pending=on_pending, wait_s=wait_s or None)

    def run_both(self, task: str, script: list[Call], purpose: str) -> tuple[list[Done], list[Done]]:
        """The same crew and script, first with the plain tool on one copy, then guarded on the other."""
        plain = run_crew(task, script, self.plain, lambda: self.world.counts("plain"))
        with self.guard.session(account="support-crew", user="mia.berger", purpose=purpose) as session:
            self.sessions[purpose] = session.id
            guarded = run_crew(task, script, self.guarded(), lambda: self.world.counts("shop"), self.guard)
        return plain, guarded

    @property
    def refund_sql(self) -> str:
        first, second = self.world.placeholder(1), self.world.placeholder(2)
        return f"UPDATE orders SET status = 'refunded', refunded_cents = {first} WHERE id = {second}"


def who_is_asking(play: Play) -> None:
    play.stage.step("Who is asking", "authenticate")
    with play.guard.session(account="support-crew", user="mia.berger", purpose="hello") as session:
        info = session.info()
    groups = ", ".join(info["groups"])
    play.stage.say(f"account {info['account']} of provider {info['provider']}, groups: {groups}; acting for mia.berger")
    play.stage.claim("opened by name, the account is recorded as only asserted by this process", not info["verified"])
    token = issue_token(play.world.config, "support-crew")
    with play.guard.session(token=token, purpose="hello") as session:
        info = session.info()
    play.stage.claim("opened with a signed token of 15 minutes, it is recorded as verified", info["verified"])
    refused = ""
    try:
        play.guard.session(account="dana")
    except Exception as error:
        refused = str(error)
    play.stage.quote(f"guard.session(account='dana'): {refused}")
    play.stage.claim("the agent's process cannot make itself a person who approves", bool(refused))


def a_customers_question(play: Play) -> None:
    play.stage.step("A support crew answers a question from customer data", "understand", "decide", "execute", "mask")
    world = play.world
    script = [
        Call(
            "who wrote to us?",
            f"SELECT name, email, card, note FROM customers WHERE email = {world.placeholder(1)}",
            (EMAIL,),
        )
    ]
    (plain,), (guarded,) = play.run_both("answer mia's question", script, "ticket 4711")
    play.stage.say(Text(script[0].sql, style="bold"))
    play.stage.table(
        ["what the model got: plain tool", "what the model got: guarded"], [[shown(plain), shown(guarded)]]
    )
    raw = [value for value in (EMAIL, PRIVATE_EMAIL, CARD) if value in plain.answer]
    play.stage.claim("unguarded, address and card went to the model as they are", EMAIL in raw and CARD in raw)
    left = [value for value in (EMAIL, PRIVATE_EMAIL, CARD) if value in guarded.answer]
    play.stage.claim(
        "guarded, it got the name and the row, and none of the three values", "Mia" in guarded.answer and not left
    )


def hijacked(play: Play) -> None:
    play.stage.step("The same crew, hijacked by a prompt in a customer's note", "understand", "decide")
    script = [Call(title, sql) for title, sql in play.world.attacks()]
    plain, guarded = play.run_both("ignore your instructions", script, "hijacked")
    rows = []
    for unsafe, safe in zip(plain, guarded, strict=True):
        what = Text(unsafe.call.title, style="bold") + Text(f"\n{unsafe.call.sql}", style="dim")
        harm = "\n".join(unsafe.changed)
        rows.append(
            [what, Text(f"{harm}\n" if harm else "", style="bold red") + Text(shown(unsafe)), Text(shown(safe))]
        )
    play.stage.table(["the agent tries", "plain tool", "guarded"], rows)
    by_title = {done.call.title: done for done in plain}
    play.stage.claim("unguarded, the salaries were read", "12800000" in by_title["read another table"].answer)
    play.stage.claim(
        "unguarded, every order was deleted by a statement that begins with WITH",
        by_title["delete behind a harmless WITH"].after["orders"] == 0,
    )
    play.stage.claim("unguarded, the customers are gone", plain[-1].after["customers"] is None)
    play.stage.claim(
        f"guarded, all {len(guarded)} were refused, each with a reason", all(done.denied for done in guarded)
    )
    untouched = not any(done.changed for done in guarded)
    play.stage.claim(
        "guarded, every table has every row that it had", untouched and play.world.counts("shop")["orders"] == 7
    )
    play.stage.claim("no salary reached the guarded model", not any("12800000" in done.answer for done in guarded))


def what_the_tool_holds(play: Play) -> None:
    play.stage.step("Keys and connection settings, out of the tool itself", "authenticate")
    secrets = play.world.secrets()
    needle = play.world.plain_uri.encode()
    plain_places = [name for name, text in looks_into(play.plain).items() if needle in text]
    play.stage.say(f"plain tool: the database's URL is in its {', '.join(plain_places)}")
    play.stage.claim("the unguarded tool shows how to reach the database", bool(plain_places))
    looks = looks_into(play.guarded()) | {f"guard: {name}": text for name, text in looks_into(play.guard).items()}
    found = [
        f"{secret} in {name}" for secret, value in secrets.items() for name, text in looks.items() if value in text
    ]
    play.stage.say(f"guarded tool and guard, looked into: {', '.join(sorted(looks))}")
    play.stage.quote(f"repr(tool) = {looks['repr'].decode()[:150]}")
    play.stage.quote(looks["pickle"].decode("utf-8", "replace")[:150])
    play.stage.claim(f"in none of these: {', '.join(secrets)}", not found and all(secrets.values()))


def looks_into(thing: Any) -> dict[str, bytes]:
    """What Python shows of an object without breaking into it."""
    looks = {"repr": repr(thing).encode(), "str": str(thing).encode(), "vars": _vars(thing)}
    try:
        looks["pickle"] = pickle.dumps(thing)
    except Exception as error:
        looks["pickle"] = f"pickle: {error}".encode()
    if hasattr(thing, "model_dump_json"):
        try:
            looks["model_dump_json"] = thing.model_dump_json().encode()
        except Exception as error:
            looks["model_dump_json"] = str(error).encode()
    return looks


def _vars(thing: Any) -> bytes:
    names = {*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())}
    return "\n".join(
        f"{name}={getattr(thing, name, None)!r}" for name in sorted(names) if not name.startswith("__")
    ).encode()


def a_large_refund(play: Play) -> None:
    play.stage.step("A refund above the limit waits for a person", "approve", "record the intent", "execute")
    call = Call("refund", play.refund_sql, (LARGE, 1042), "Customer was double charged.")
    answers: list[Done] = []
    crew = threading.Thread(
        target=contextvars.copy_context().run, args=(_refund_crew, play, call, answers), name="crew", daemon=True
    )
    before = play.world.refunded(1042)
    crew.start()
    ticket = _open_ticket(play)
    play.stage.say(
        f"The crew's call is waiting. At another terminal, Dana of finance types: libguard approvals show {ticket}"
    )
    page = libguard("approvals", "show", ticket, "--config", str(play.world.config), folder=play.world.elsewhere)
    play.stage.quote(page.text, "")
    play.stage.claim("nothing has happened to order 1042 yet", play.world.refunded(1042) == before == 0)
    said = dana_votes(_danas_word(play), ticket, play.world.config, play.world.elsewhere)
    play.stage.quote(said.text)
    crew.join(APPROVAL_SECONDS_MAX)
    answer = answers[0].answer if answers else ""
    play.stage.say(f"The crew is told: {cut(answer)}")
    if "denied" in said.text and said.code == 0:
        play.stage.claim("Dana said no, and nothing was executed", play.world.refunded(1042) == 0)
        return
    play.refund_done = True
    play.stage.claim("a second process approved it, with a token of its own", said.code == 0)
    play.stage.claim("it ran: order 1042 has 489.00 refunded", play.world.refunded(1042) == LARGE)
    _replay_and_change(play, call, ticket)


def _refund_crew(play: Play, call: Call, answers: list[Done]) -> None:
    with play.guard.session(account="support-crew", user="mia.berger", purpose="refund") as session:
        play.sessions["refund"] = session.id
        tool = play.guarded(wait_s=APPROVAL_SECONDS_MAX)
        answers += run_crew("refund order 1042", [call], tool, lambda: play.world.counts("shop"), play.guard)


def _open_ticket(play: Play) -> str:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for ticket in play.guard.approvals():
            return str(ticket["id"])
        time.sleep(0.05)
    raise RuntimeError("the refund never asked for an approval")


def _danas_word(play: Play) -> str:
    if not play.interactive:
        return "approve"
    play.stage.console.print(Text("   You are Dana. Approve? [y/N] ", style="bold yellow"), end="")
    try:
        return "approve" if input().strip().lower() in ("y", "yes") else "deny"
    except EOFError:
        return "deny"


def _replay_and_change(play: Play, call: Call, ticket: str) -> None:
    with play.guard.session(account="support-crew", user="mia.berger", purpose="replay") as session:
        # To the last hop the call that was approved: otherwise it would be refused for being another one.
        asked_by = play.guard.approval(ticket)["shown"]["who"]
        hops = [Hop(hop["kind"], hop["name"]) for hop in asked_by["hops"]]
        again = session.query("shop", call.sql, list(call.params), ticket=ticket, tool="run_sql", hops=hops)
        play.stage.quote(f"the approved call once more: {again.state} {again.code}: {again.reason}")
        play.stage.claim(
            "a replay of the approved call is refused as used: it ran exactly once", again.code == "approval.consumed"
        )
        asked = session.query("shop", call.sql, [45_000, 1043], tool="run_sql")
        dana_votes("approve", asked.ticket, play.world.config, play.world.elsewhere)
        changed = session.query("shop", call.sql, [95_000, 1043], ticket=asked.ticket, tool="run_sql")
    play.stage.quote(f"approved for 450.00, sent with 950.00: {changed.state} {changed.code}: {changed.reason}")
    play.stage.claim("one with a digit changed is refused as approval.changed", changed.code == "approval.changed")
    play.stage.claim("order 1043 is as it was", play.world.refunded(1043) == 0)


def what_was_recorded(play: Play) -> None:
    play.stage.step("What happened, from the record", "record the intent", "record the outcome")
    play.guard.close()
    config = ("--config", str(play.world.config))
    for name in ("hijacked", "refund"):
        said = libguard("sessions", "show", play.sessions[name], *config, folder=play.world.folder)
        play.stage.say(f"libguard sessions show {play.sessions[name]}")
        play.stage.quote(said.text, "")
        play.stage.claim(f"the {name} session is there", said.code == 0 and bool(said.text))
    play.stage.say(f"libguard sessions replay {play.sessions['ticket 4711']}")
    replayed = libguard(
        "sessions", "replay", play.sessions["ticket 4711"], "--pace", "0", *config, folder=play.world.folder
    )
    play.stage.quote(replayed.text, "")
    play.stage.claim("the session replays from the record, with the answer as the model saw it", "Mia" in replayed.text)
    log = b"".join(path.read_bytes() for path in play.world.audit.rglob("*") if path.is_file())
    raw = [value for value in (EMAIL, PRIVATE_EMAIL, CARD) if value.encode() in log]
    play.stage.claim("the record holds none of the masked values", not raw and b"support-crew" in log)


def a_tampered_record(play: Play) -> None:
    play.stage.step("The record, verified, and tampered with", "record the outcome")
    said = verify(play, str(play.world.audit))
    play.stage.quote(said.text)
    play.stage.claim("the chain is intact", said.code == 0)
    copy = play.world.folder / "tampered"
    shutil.copytree(play.world.audit, copy)
    change = _change_a_digit(copy)
    said = verify(play, str(copy))
    play.stage.say(f"In a copy, {change}:")
    play.stage.quote(said.text)
    play.stage.claim(
        "one changed digit is found, and the finding names its place", said.code == 1 and "record" in said.text
    )


def verify(play: Play, directory: str) -> Said:
    return libguard("audit", "verify", "--directory", directory, folder=play.world.folder)


def _change_a_digit(directory: Any) -> str:
    wanted = str(LARGE).encode()
    for path in sorted(directory.iterdir()):
        data = path.read_bytes() if path.is_file() else b""
        at = data.find(wanted)
        if at >= 0:
            os.chmod(path, 0o600)
            path.write_bytes(data[:at] + b"1" + data[at + 1 :])
            return f"{LARGE} became 1{str(LARGE)[1:]} in {path.name}"
    # The amount is not in the record when the refund was denied: any digit will do.
    path = next(path for path in sorted(directory.iterdir()) if path.is_file() and b'"risk":' in path.read_bytes())
    data = path.read_bytes()
    at = data.find(b'"risk":') + len(b'"risk":')
    path.write_bytes(data[:at] + (b"1" if data[at : at + 1] != b"1" else b"2") + data[at + 1 :])
    return f"a risk was changed in {path.name}"


def what_it_does_not_stop(play: Play) -> None:
    play.stage.step("What a guard inside the process does not stop")
    around = play.world.ask("shop", "SELECT email FROM customers WHERE id = 1")
    play.stage.quote(f"this program, straight to the database: {around}")
    play.stage.claim("code in this process that opens the database itself goes around the guard", around == EMAIL)
    for text in (
        "It contains the model, its prompts and its mistakes. It does not contain code that runs in the same process:",
        "  such code can open the same files, read this process's memory, or call the driver itself.",
        "  Against that stands a process boundary: an agent in a process of its own that has no credential, and the",
        "  guard in another. libguard's doors speak JSON so that it can be that process; it is not in this version.",
        "It does not judge an allowed answer: what a permitted statement shows, the model has seen.",
        "Arguments of tools are raw in CrewAI's own events; only answers are masked before anything sees them.",
        "A record whose tail is cut off is only seen when a checkpoint is kept somewhere else.",
    ):
        play.stage.say(text)


def shown(done: Done) -> str:
    return cut(done.answer)


def cut(text: str) -> str:
    flat = " ".join(_plain_text(text).split())
    return flat if len(flat) <= ANSWER_CHARS_SHOWN else flat[: ANSWER_CHARS_SHOWN - 3] + "..."


def _plain_text(text: str) -> str:
    """A tool failure comes as JSON or as text; the viewer wants its sentence."""
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return str(data["message"]) if isinstance(data, dict) and "message" in data else text


ACTS = (
    who_is_asking,
    a_customers_question,
    hijacked,
    what_the_tool_holds,
    a_large_refund,
    what_was_recorded,
    a_tampered_record,
    what_it_does_not_stop,
)
