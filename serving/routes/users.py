"""Users: there is one, `default`."""

from __future__ import annotations

import msgspec

from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.user_files import DEFAULT_USER, user_root


class Users(msgspec.Struct):
    """Where settings are kept, and whether there are any yet."""

    storage: str
    migrated: bool


class NewUser(msgspec.Struct):
    """A user to add."""

    username: str


@route("GET", "/users", summary="Where the user's settings are kept")
async def get_users(site: Site) -> Users:
    """Answer as ComfyUI does without --multi-user."""
    return Users("server", user_root(site.settings).is_dir())


@route("POST", "/users", summary="Add a user (there is one only)")
async def post_users(body: NewUser) -> None:
    """Refuse: this server has one user."""
    if body.username == DEFAULT_USER:
        raise refuse(400, "Duplicate username.")
    raise refuse(
        400, f'This server has one user, "{DEFAULT_USER}"; start another with --user-directory for another person.'
    )
