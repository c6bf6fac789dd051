"""The token that the server asks for: kept as a hash in the user folder, so that it is the same after a restart.

known = settle_token(Path("user"), "open sesame")  # Known(stored=…, token="open sesame", is_new=False)
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec

from serving.errors import StartError

FILE_NAME = "access.json"
TOKEN_BYTES = 24  # 32 characters
# scrypt (RFC 7914): 32 MiB and some 0.1 s a guess.
COST, BLOCK, LANES, HASH_BYTES = 2**15, 8, 1, 32


class StoredToken(msgspec.Struct, frozen=True):
    """A token as it lies on the disk: nobody can read it off."""

    salt: bytes
    hash: bytes
    cost: int = COST

    def matches(self, token: str) -> bool:
        """Whether this is the token; takes its time."""
        return hmac.compare_digest(_hash(token, self.salt, self.cost), self.hash)


class Known(NamedTuple):
    """What the server knows of its token at the start. `token`: None if only the hash is known; is_new: made up just now."""

    stored: StoredToken
    token: str | None
    is_new: bool


def settle_token(folder: Path, token: str | None) -> Known:
    """Return the token to ask for: the one given, the stored one, or a new one. What is not stored yet is stored."""
    path = folder / FILE_NAME
    stored = _read(path)
    if token is None and stored is not None:
        return Known(stored, None, is_new=False)
    settled = token or secrets.token_urlsafe(TOKEN_BYTES)
    if stored is None or not stored.matches(settled):
        salt = secrets.token_bytes(16)
        stored = StoredToken(salt, _hash(settled, salt, COST))
        _write(path, stored)
    return Known(stored, settled, is_new=token is None)


def _hash(token: str, salt: bytes, cost: int) -> bytes:
    room = 256 * cost * BLOCK  # scrypt takes 128·cost·block bytes
    data = token.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=cost, r=BLOCK, p=LANES, maxmem=room, dklen=HASH_BYTES)


def _read(path: Path) -> StoredToken | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoredToken)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise StartError(
            f"{path} is not the stored token ({error}); remove it, and set another by --token TOKEN."
        ) from error


def _write(path: Path, stored: StoredToken) -> None:
    """Write the file whole or not at all, for the owner only."""
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(stored))
        new.replace(path)
    except OSError as error:
        raise StartError(f"The token cannot be stored at {path}: {error.strerror}.") from error
