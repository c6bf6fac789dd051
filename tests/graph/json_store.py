"""A disk tier of JSON values, for tests.

with opened(tmp_path) as store:
    put(store, b"key", [1, 2])
    value_of(store, b"key")  # [1, 2]
"""

from __future__ import annotations

import json
from pathlib import Path

from graph.results import Result, Values
from graph.store import Store, open_store
from graph.store_care import check
from graph.store_index import store_folder

BUDGET = 10**6


class JsonCodec:
    """Stores results of JSON values."""

    def encode(self, result: Result) -> bytes | None:
        if isinstance(result.outputs[0].items[0], set):
            return None
        return json.dumps([result.outputs[0].items[0], dict(result.ui)]).encode()

    def decode(self, data: bytes) -> Result:
        value, ui = json.loads(data)
        return Result((Values((value,)),), ui)


def opened(folder: Path, budget_bytes: int = BUDGET, realm: bytes = b"now") -> Store:
    store = open_store(folder, codec=JsonCodec(), realm=realm, budget_bytes=budget_bytes)
    assert store is not None
    return store


def result(value: object) -> Result:
    return Result((Values((value,)),))


def put(store: Store, key: bytes, value: object, seconds: float = 1.0, also: bytes | None = None) -> None:
    store.put(key, result(value), nbytes=100, seconds=seconds, source="Test", also=also)


def value_of(store: Store, key: bytes) -> object:
    found = store.get(key)
    return None if found is None else found.result.outputs[0].items[0]


def blobs_in(folder: Path) -> list[Path]:
    return sorted((store_folder(folder) / "blobs").rglob("*.blob"))


def is_whole(folder: Path) -> bool:
    return not check(store_folder(folder), is_repairing=False).problems
