"""The headers between the server and the worker when a request for a node pack's route is passed on.

SECRET: what a requester must know. REMOTE, SCHEME: where the request came from, and how. NO_ROUTE: in an answer: no route
of the pack fits.
"""

from __future__ import annotations

SECRET = "X-Weft-Secret"
REMOTE = "X-Weft-Remote"
SCHEME = "X-Weft-Scheme"
NO_ROUTE = "X-Weft-No-Route"
OURS = frozenset({SECRET, REMOTE, SCHEME, NO_ROUTE})
