"""The first guard: one database, one policy, three questions. Run it: python examples/first_guard.py

It writes everything that it needs into a temporary folder; in real life `libguard init` does that once.
"""

import sqlite3
import tempfile
from pathlib import Path

from libguard import Guard
from libguard.keys import write_issuer_key

CONFIG = """
version: 1
identity:
  providers:
    local: { kind: local, key: issuer.ed25519 }
  accounts:
    support-crew: { match: { provider: local, subject: support-crew }, groups: [support], local: true }
connections:
  shop: { driver: sqlite, path: shop.db, tags: [prod] }
data:
  pii.email: { columns: [shop/main.customers.email], show: label }
policies: ["libguard:baseline", "support.cedar"]
approvals: { store: approvals.db }
audit: { directory: audit }
"""

# Nothing is allowed that no permit allows. E-mail addresses may be read, but nothing permits to unmask them.
POLICY = """
@id("support-connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"],
                                resource in Tag::"prod");
@id("support-reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");
"""


def set_up(folder: Path) -> Path:
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT)")
        shop.execute("INSERT INTO customers VALUES (1, 'Mia', 'mia@example.com'), (2, 'Tom', 'tom@example.com')")
    shop.close()
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "support.cedar").write_text(POLICY)
    (folder / "guard.yaml").write_text(CONFIG)
    return folder / "guard.yaml"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Guard.open(set_up(Path(folder))) as guard,
        guard.session(account="support-crew", user="lee@example.com", purpose="ticket 4711") as session,
    ):
        # Read: allowed, and the address is masked before it gets here.
        outcome = session.query("shop", "SELECT name, email FROM customers WHERE id = ?", [1])
        print(outcome.state, outcome.rows)
        # Write: no permit says so.
        outcome = session.query("shop", "DELETE FROM customers WHERE id = ?", [1])
        print(outcome.state, outcome.code, outcome.reason)
        # Destroy: the baseline forbids it, whatever a permit says.
        outcome = session.query("shop", "DROP TABLE customers")
        print(outcome.state, outcome.code, outcome.reason)


if __name__ == "__main__":
    main()
