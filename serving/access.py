"""Access: who may use a server that asks for a token.

    access = open_access(settings, clock=time.monotonic)  # None: it asks for none
    await access.admit("open sesame", "192.168.0.7")  # Verdict.ADMITTED
    access.is_session(access.new_session())  # True, for a week, or until the server ends

A token is compared by its slow hash until it was right once; from then on by a quick digest, whose key is in this process only.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from enum import Enum

from aiohttp import web

from serving.failure_limit import FailureLimit
from serving.settings import ServeSettings
from serving.token_file import Known, StoredToken, settle_token

SESSION_S = 7 * 24 * 3600
MAX_TOKEN_CHARACTERS = 1024


class Verdict(Enum):
    """What became of an attempt."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    LATER = "later"  # too many failures; it was not looked at


class Access:
    """Checks tokens and sessions. `clock` gives seconds."""

    def __init__(self, stored: StoredToken, token: str | None, clock: Callable[[], float]) -> None:
        self._stored = stored
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._digest = None if token is None else self._sign(token)
        self._limit = FailureLimit(clock)
        self._hashing = asyncio.Lock()  # one slow hash at a time: guesses cannot take all cores

    async def admit(self, token: str, address: str) -> Verdict:
        """Return whether somebody at an address knows the token."""
        if self._limit.take(address) > 0:
            return Verdict.LATER
        if not await self._is_right(token):
            return Verdict.REFUSED
        self._limit.give_back(address)
        return Verdict.ADMITTED

    def new_session(self) -> str:
        """Return a cookie's value: when it expires, something random, and a signature of both."""
        content = f"{int(self._clock()) + SESSION_S}.{secrets.token_hex(8)}"
        return f"{content}.{self._sign(content).hex()}"

    def is_session(self, value: str) -> bool:
        """Whether a cookie is one of ours and has not expired."""
        content, _, signature = value.rpartition(".")
        if not hmac.compare_digest(self._sign(content).hex().encode(), signature.encode("utf-8", "replace")):
            return False
        return int(content.partition(".")[0]) > self._clock()

    async def _is_right(self, token: str) -> bool:
        if len(token) > MAX_TOKEN_CHARACTERS:
            return False
        signed = self._sign(token)
        if self._digest is None:
            async with self._hashing:
                is_right = await asyncio.to_thread(self._stored.matches, token)
            self._digest = signed if is_right else self._digest
            return is_right
        return hmac.compare_digest(self._digest, signed)

    def _sign(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=32).digest()


ACCESS: web.AppKey[Access] = web.AppKey("access", Access)


def settle_access(settings: ServeSettings) -> Known | None:
    """Return the token that the server asks for; None if it asks for none."""
    return settle_token(settings.user, settings.token) if settings.asks_token else None
