"""A small shop behind the real guard, on SQLite, for tests that need the built extension."""

from __future__ import annotations

import sqlite3
from pathlib import Path

EMAIL = "mia.unmasked@example.com"
CARD = "4111111111111111"

CONFIG = """
version: 1
identity:
  providers:
    local: {{ kind: local, key: issuer.ed25519 }}
  accounts:
    support-crew: {{ match: {{ provider: local, subject: support-crew }}, groups: [support], local: true }}
    refund-bot: {{ match: {{ provider: local, subject: refund-bot }}, groups: [support], local: true }}
    reader: {{ match: {{ provider: local, subject: reader }}, groups: [readers], local: true }}
    dana:
      human: true
      groups: [finance]
      keys: [{{ id: {id}, secret_sha256: {secret_sha256}, created: 2026-01-01 }}]
connections:
  shop: {{ driver: sqlite, path: shop.db, tags: [prod] }}
data:
  pii.email: {{ columns: [shop/main.customers.email], show: label }}
  detect: {{ text: default }}
facts:
  refund_cents: {{ assigned: shop/main.orders.refunded_cents }}
policies: ["libguard:baseline", "shop.cedar"]
approvals: {{ store: approvals.db }}
audit: {{ directory: audit }}
"""

POLICY = """
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"],
                        resource in Tag::"prod");
@id("reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");
@id("uses-look-up") permit (principal in Group::"support", action == Action::"use", resource == Tool::"look_up");
@id("refunds") permit (principal == Account::"refund-bot", action == Action::"update",
                       resource == Table::"shop/main.orders")
when { context.bounded == "eq" && context.rows_bound <= 1 };
@id("big-refund-asks") @remedy("approval:group=finance,n=1,ttl=15m")
forbid (principal, action == Action::"update", resource == Table::"shop/main.orders")
when { context has refund_cents && context.refund_cents > 20000 }
unless { context.approvals >= 1 };
"""


def make_shop(folder: Path) -> tuple[Path, str]:
    """Writes everything; gives the configuration's path and the approver's key."""
    from libguard.keys import make_key, write_issuer_key

    shop = sqlite3.connect(folder / "shop.db")
    shop.executescript(
        f"""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, note TEXT);
        INSERT INTO customers VALUES (1, 'Mia', '{EMAIL}', 'paid with {CARD}');
        CREATE TABLE orders (id INTEGER PRIMARY KEY, refunded_cents INTEGER NOT NULL DEFAULT 0);
        INSERT INTO orders (id) VALUES (1042), (1043);
        """
    )
    shop.close()
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    dana = make_key()
    (folder / "shop.cedar").write_text(POLICY)
    (folder / "guard.yaml").write_text(CONFIG.format(id=dana.id, secret_sha256=dana.secret_sha256))
    return folder / "guard.yaml", dana.key


def refunded(folder: Path, order: int) -> int:
    """What the database itself says, past the guard."""
    shop = sqlite3.connect(folder / "shop.db")
    try:
        return int(shop.execute("SELECT refunded_cents FROM orders WHERE id = ?", [order]).fetchone()[0])
    finally:
        shop.close()
