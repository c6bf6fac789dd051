"""UserManager: where the files and settings of whoever sent a request lie, for routes of packs."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from compat.file_search import is_within
from compat.shims.finder import lent

DEFAULT_USER = "default"
USER_HEADER = "comfy-user"
SETTINGS = "comfy.settings.json"
USERS = "users.json"


class UserManager:
    """As ComfyUI's, for what packs ask of it."""

    def __init__(self) -> None:
        self.settings = UserSettings(self)

    @property
    def users(self) -> dict[str, str]:
        """The names of users by their ids."""
        if not lent().launch.get("multi_user"):
            return {DEFAULT_USER: DEFAULT_USER}
        found: dict[str, str] = _read(self.get_users_file())
        return found

    def get_users_file(self) -> str:
        """Return the file that names the users."""
        return os.path.join(_folders().get_user_directory(), USERS)

    def get_request_user_id(self, request: web.Request) -> str:
        """Return who sent a request; KeyError if there is no such user."""
        is_named = lent().launch.get("multi_user") and USER_HEADER in request.headers
        user = request.headers[USER_HEADER] if is_named else DEFAULT_USER
        if user.startswith(_folders().SYSTEM_USER_PREFIX) or user not in self.users:
            raise KeyError(f"Unknown user: {user}")
        return user

    def get_request_user_filepath(
        self, request: web.Request, file: str | None, type: str = "userdata", create_dir: bool = True
    ) -> str | None:
        """Return the path of a file of whoever sent a request; None for one that leaves the user's folder."""
        if type != "userdata":
            raise KeyError(f"Unknown filepath type: {type}")
        root: str | None = _folders().get_public_user_directory(self.get_request_user_id(request))
        if root is None:
            return None
        path = root
        if file is not None:
            path = os.path.abspath(os.path.join(root, unquote(file) if "%" in file else file))
            if not is_within(root, path):
                return None
        if create_dir:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


class UserSettings:
    """The settings of a user, as the editor keeps them."""

    def __init__(self, users: UserManager) -> None:
        self._users = users

    def get_settings(self, request: web.Request) -> dict[str, Any]:
        """Return all of them."""
        path = self._users.get_request_user_filepath(request, SETTINGS)
        found: dict[str, Any] = {} if path is None else _read(path)
        return found

    def save_settings(self, request: web.Request, settings: dict[str, Any]) -> None:
        """Write them all."""
        path = self._users.get_request_user_filepath(request, SETTINGS)
        assert path is not None
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            json.dump(settings, file, indent=4)
        os.replace(f"{path}.new", path)


def _folders() -> Any:
    return importlib.import_module("folder_paths")


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
