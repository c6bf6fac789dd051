"""Users: one, `default`, or with --multi-user those in `users.json`, each with a folder of their own.

A client says by the header `comfy-user` who it is. That keeps people's files apart; it does not keep people out.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import msgspec
from aiohttp import web

from serving.file_store import write_atomic
from serving.refusals import refuse
from serving.settings import ServeSettings
from serving.user_files import DEFAULT_USER, user_root

USERS_FILE = "users.json"
USER_HEADER = "comfy-user"
SYSTEM_PREFIX = "__"  # folders of such names are the server's own


def root_of(request: web.Request, settings: ServeSettings) -> Path:
    """Return the folder of whoever asks; 401 if there is no such user."""
    if not settings.is_multi_user:
        return user_root(settings)
    user = request.headers.get(USER_HEADER, DEFAULT_USER)
    if user.startswith(SYSTEM_PREFIX) or user not in read_users(settings):
        raise refuse(401, f"There is no user {user!a}; the header {USER_HEADER} names one that POST /users made.")
    return user_root(settings, user)


def read_users(settings: ServeSettings) -> dict[str, str]:
    """Return the names of users by their ids."""
    try:
        return msgspec.json.decode((settings.user / USERS_FILE).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise refuse(
            400, f"{USERS_FILE} of the user folder cannot be read: {error}. Mend it or move it away."
        ) from error


def add_user(settings: ServeSettings, name: str) -> str:
    """Add a user and return the id; 400 if there is one of that name, or the name is none."""
    name = name.strip()
    users = read_users(settings)
    if name in users.values():
        raise refuse(400, "Duplicate username.")
    if not name or name.startswith(SYSTEM_PREFIX):
        raise refuse(400, f'A user needs a name, one that does not begin with "{SYSTEM_PREFIX}".')
    user = f"{re.sub(r'[^a-zA-Z0-9-_]+', '-', name)[:100]}_{uuid.uuid4()}"
    write_atomic(settings.user / USERS_FILE, msgspec.json.encode({**users, user: name}))
    return user
