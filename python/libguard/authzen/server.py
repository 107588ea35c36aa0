"""Serves an application over HTTP: on loopback, or anywhere with a certificate."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

CONNECTIONS_MAX = 256
IDLE_SECONDS_MAX = 5


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 is any that is free. Certificate and key are PEM files."""

    host: str = "127.0.0.1"
    port: int = 0
    certificate: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate and its key belong together")
        if self.certificate is None and not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(
                "a token must not travel in the clear: beyond loopback a certificate and its key are needed"
            )

    def listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
        except OSError:
            listener.close()
            raise
        return listener

    def url(self, listener: socket.socket) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.certificate is None else 'https'}://{host}:{listener.getsockname()[1]}"


def serve(
    app: Starlette, address: Address, listener: socket.socket | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Serves until SIGINT or SIGTERM. ready: called when connections are accepted."""
    listener = listener or address.listen()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=IDLE_SECONDS_MAX,
        timeout_graceful_shutdown=IDLE_SECONDS_MAX,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        http="h11",
        ws="none",
    )
    server = uvicorn.Server(config)
    listener.listen(CONNECTIONS_MAX)
    if ready is not None:
        ready()
    with listener:
        server.run(sockets=[listener])
