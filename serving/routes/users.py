"""Users: there is one, `default`, unless the server was started with --multi-user."""

from __future__ import annotations

import msgspec

from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.user_files import DEFAULT_USER, user_root
from serving.users import add_user, read_users


class Users(msgspec.Struct, omit_defaults=True):
    """Where settings are kept.

    migrated: whether the one user's folder is there; users: with --multi-user, the names by their ids.
    """

    storage: str
    migrated: bool | None = None
    users: dict[str, str] | None = None


class NewUser(msgspec.Struct):
    """A user to add."""

    username: str


@route("GET", "/users", summary="Where the user's settings are kept")
async def get_users(site: Site) -> Users:
    """Return whether there is one user, or who there is."""
    if site.settings.is_multi_user:
        return Users("server", users=read_users(site.settings))
    return Users("server", migrated=user_root(site.settings).is_dir())


@route("POST", "/users", summary="Add a user, if there may be many")
async def post_users(site: Site, body: NewUser) -> str:
    """Return the new user's id; the header `comfy-user` takes it."""
    if site.settings.is_multi_user:
        return add_user(site.settings, body.username)
    if body.username == DEFAULT_USER:
        raise refuse(400, "Duplicate username.")
    raise refuse(400, f'This server has one user, "{DEFAULT_USER}"; start it with --multi-user for more.')
