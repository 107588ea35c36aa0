"""The policy engine as an OpenID AuthZEN 1.0 decision point (`pip install 'libguard[authzen]'`).

    app = service(lambda: Engine(policies, entities), token)      # any ASGI server
    serve(app, Address("127.0.0.1", 8181))                        # or ours

Anything but a whole, well-formed question gets no decision, and what breaks never reads as a yes.
"""

from libguard.authzen.server import Address, serve
from libguard.authzen.service import Limits, service

__all__ = ["Address", "Limits", "serve", "service"]
