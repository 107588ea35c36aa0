"""A value detector of your own: order numbers that must not leave, wherever in a text they stand.

Run it: python examples/own_detector.py
"""

import re
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
    reader: { match: { provider: local, subject: reader }, groups: [readers], local: true }
connections:
  shop: { driver: sqlite, path: shop.db, tags: [prod] }
data:
  detect: { text: default }
policies: ["libguard:baseline", "readers.cedar"]
approvals: { store: approvals.db }
audit: { directory: audit }
"""

POLICY = """
@id("readers-connect") permit (principal in Group::"readers", action in [Action::"connect", Action::"use"],
                               resource in Tag::"prod");
@id("readers-read") permit (principal in Group::"readers", action in Action::"read", resource in Schema::"shop/main");
"""


class OrderNumber:
    """`find` gives spans in code points, end exclusive. It is called from any thread, so it keeps no state."""

    entity = "ORDER_NUMBER"
    _pattern = re.compile(r"\bORD-\d{6}\b")

    def find(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._pattern.finditer(text)]


def set_up(folder: Path) -> Path:
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)")
        shop.execute("INSERT INTO notes VALUES (1, 'Grüße, ORD-100234 is late; write to mia@example.com')")
    shop.close()
    write_issuer_key(folder / "issuer.ed25519", folder / "issuer.pub")
    (folder / "readers.cedar").write_text(POLICY)
    (folder / "guard.yaml").write_text(CONFIG)
    return folder / "guard.yaml"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Guard.open(set_up(Path(folder))) as guard:
        guard.add_detector(OrderNumber())
        with guard.session(account="reader") as session:
            outcome = session.query("shop", "SELECT note FROM notes")
            print(outcome.state, outcome.rows)


if __name__ == "__main__":
    main()
