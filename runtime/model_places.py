"""Where models lie, told to the server whenever a pack adds a kind, a folder or an ending.

places = ModelPlacesTeller(folders, link.send)
places.tell()  # sends ModelPlaces if something is different now
"""

from __future__ import annotations

import json
from collections.abc import Callable

from files.folders import Folders
from graph.protocol import ModelPlaces


class ModelPlacesTeller:
    """Remembers what it told last."""

    def __init__(self, folders: Folders, send: Callable[[ModelPlaces], None]) -> None:
        self._folders = folders
        self._send = send
        self._told = b""

    def tell(self) -> None:
        """Tell the server, if it does not know."""
        found = places_document(self._folders)
        if found != self._told:
            self._told = found
            self._send(ModelPlaces(found))


def places_document(folders: Folders) -> bytes:
    """Return the payload of graph.protocol.ModelPlaces. Packs put pairs of all sorts into the mapping."""
    found = {
        str(kind): [[str(path) for path in paths], sorted(map(str, suffixes))]
        for kind, (paths, suffixes) in list(folders.places.items())
    }
    return json.dumps(found).encode()
