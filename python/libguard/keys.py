"""Keys and tokens for set-up, tests and examples; the same as `libguard init`, `libguard key` and `libguard token`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from libguard import _native

Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A static service key. `key` is given to its owner and kept nowhere; `id` and `secret_sha256` go to guard.yaml."""

    key: str = field(repr=False)
    id: str
    secret_sha256: str


def write_issuer_key(private_path: Path, public_path: Path) -> None:
    """Makes an Ed25519 issuer: the private file with mode 0600, the public one beside it. Never overwrites."""
    _native.write_issuer_key(os.fspath(private_path), os.fspath(public_path))


def make_key() -> NewKey:
    """Makes a static service key."""
    made = json.loads(_native.make_key())
    return NewKey(key=made["key"], id=made["id"], secret_sha256=made["secret_sha256"])


def issue_token(config: Path, account: str, *, acts_for: str = "", lifetime_s: int = 900) -> str:
    """A token for an account of guard.yaml, of a provider whose private key the guard holds."""
    request = {"config": os.fspath(config), "account": account, "acts_for": acts_for, "lifetime_s": lifetime_s}
    return _native.issue_token(json.dumps(request))


def sign_token(private_path: Path, issuer: str, subject: str, *, acts_for: str = "", lifetime_s: int = 900) -> str:
    """A token signed with a private key that the guard itself does not hold, such as a person's own."""
    request = {"key_path": os.fspath(private_path), "issuer": issuer, "subject": subject}
    return _native.issue_token(json.dumps({**request, "acts_for": acts_for, "lifetime_s": lifetime_s}))
