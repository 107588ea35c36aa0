"""An action that a person has to approve, runs exactly once, and cannot be changed on the way.

Run it: python examples/approvals.py
"""

import sqlite3
import tempfile
from pathlib import Path

from libguard import Guard
from libguard.keys import NewKey, make_key, write_issuer_key

# Dana is a person: she proves herself with a key of her own, which this file holds only as a hash.
CONFIG = """
version: 1
identity:
  providers:
    local: {{ kind: local, key: issuer.ed25519 }}
  accounts:
    refund-bot: {{ match: {{ provider: local, subject: refund-bot }}, groups: [support], local: true }}
    dana:
      human: true
      groups: [finance]
      keys: [{{ id: {id}, secret_sha256: {secret_sha256}, created: 2026-01-01 }}]
connections:
  shop: {{ driver: sqlite, path: shop.db, tags: [prod] }}
facts:
  refund_cents: {{ assigned: shop/main.orders.refunded_cents }}
policies: ["libguard:baseline", "refunds.cedar"]
approvals: {{ store: approvals.db }}
audit: {{ directory: audit }}
"""

POLICY = """
@id("support-connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"],
                                resource in Tag::"prod");
@id("support-reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");
@id("support-refunds") permit (principal in Group::"support", action == Action::"update",
                               resource == Table::"shop/main.orders")
when { context.bounded == "eq" && context.rows_bound <= 1 };
@id("big-refund-asks") @remedy("approval:group=finance,n=1,ttl=15m")
forbid (principal, action == Action::"update", resource == Table::"shop/main.orders")
when { context has refund_cents && context.refund_cents > 20000 }
unless { context.approvals >= 1 };
"""

REFUND = "UPDATE orders SET refunded_cents = ? WHERE id = ?"


def set_up(folder: Path, dana: NewKey) -> Path:
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, refunded_cents INTEGER NOT NULL DEFAULT 0)")
        shop.execute("INSERT INTO orders (id) VALUES (1042)")
    shop.close()
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "refunds.cedar").write_text(POLICY)
    (folder / "guard.yaml").write_text(CONFIG.format(id=dana.id, secret_sha256=dana.secret_sha256))
    return folder / "guard.yaml"


def main() -> None:
    dana = make_key()
    with (
        tempfile.TemporaryDirectory() as folder,
        Guard.open(set_up(Path(folder), dana)) as guard,
        guard.session(account="refund-bot", purpose="ticket 4711") as session,
    ):
        asked = session.query("shop", REFUND, [48900, 1042], explanation="Customer was double charged.")
        print(asked.state, asked.reason)

        # In real life this happens in another process: `libguard approvals approve t-...`.
        vote = guard.approve(asked.ticket, key=dana.key)
        print("dana:", vote["state"] if vote["accepted"] else vote["reason"])

        # Another amount is another action: the ticket does not cover it.
        changed = session.query("shop", REFUND, [58900, 1042], ticket=asked.ticket)
        print(changed.state, changed.code)

        done = session.resume(asked.ticket)
        print(done.state, done.affected, "row")

        again = session.query("shop", REFUND, [48900, 1042], ticket=asked.ticket)
        print(again.state, again.code)


if __name__ == "__main__":
    main()
