"""The queue, the browsers and the users that packs find at PromptServer.instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from tests.compat.routes.conftest import Asked

ONE = [1.0, "id one", {"1": {}}, {"client_id": "me"}, ["1"]]
TWO = [2.0, "id two", {"2": {}}, {}, ["2"]]


def test_items_have_the_six_parts_that_packs_unpack(server: Any, asked: Asked) -> None:
    asked.answers["queue"] = {"queue_running": [ONE], "queue_pending": [TWO]}
    running, pending = server.prompt_queue.get_current_queue()
    assert (running, pending) == ([(*ONE, {})], [(*TWO, {})])
    assert server.prompt_queue.get_current_queue_volatile() == (running, pending)
    assert list(server.prompt_queue.currently_running.values()) == running
    with server.prompt_queue.mutex:
        assert server.prompt_queue.queue == pending


def test_what_packs_do_with_the_queue_is_asked_of_the_server(server: Any, asked: Asked) -> None:
    asked.answers |= {"queue": {"queue_running": [], "queue_pending": [ONE, TWO]}, "remaining": 2, "number": 7}
    queue = server.prompt_queue
    assert queue.delete_queue_item(lambda item: item[1] == "id two")
    assert ("take_out", {"delete": ["id two"]}) in asked.questions
    assert not queue.delete_queue_item(lambda item: False)
    queue.put((5, "id three", {"3": {}}, {"a": 1}, ["3"], {"secret": 2}))
    body = {"number": 5, "prompt_id": "id three", "prompt": {"3": {}}, "outputs": ["3"]}
    assert asked.questions[-1] == ("submit", {**body, "extra_data": {"a": 1, "secret": 2}})
    queue.set_flag("free_memory", True)
    assert asked.questions[-1] == ("free", {"free_memory": True})
    assert (queue.get_tasks_remaining(), server.number) == (2, 7)
    assert server.get_queue_info() == {"exec_info": {"queue_remaining": 2}}


def test_history_can_be_mapped(server: Any, asked: Asked) -> None:
    asked.answers["history"] = {"a": {"outputs": {}}}
    assert server.prompt_queue.get_history(map_function=list) == {"a": ["outputs"]}
    assert server.prompt_queue.history == {"a": {"outputs": {}}}


def test_without_a_server_all_is_empty(server: Any) -> None:
    queue = server.prompt_queue
    assert queue.get_current_queue() == ([], [])
    assert (queue.get_tasks_remaining(), queue.get_history(), len(server.sockets), server.number) == (0, {}, 0, 0)


def test_browsers_are_looked_up_by_their_ids(server: Any, asked: Asked) -> None:
    asked.answers["clients"] = {"me": {"supports_preview_metadata": True}}
    assert list(server.sockets) == ["me"]
    assert "you" not in server.sockets
    assert server.sockets_metadata["me"]["feature_flags"] == {"supports_preview_metadata": True}
    with pytest.raises(KeyError):
        server.sockets["you"]


def test_users_have_files_of_their_own_and_no_others(server: Any, tmp_path: Path) -> None:
    request = make_mocked_request("GET", "/")
    users = server.user_manager
    path = users.get_request_user_filepath(request, "rain/a.json")
    assert path == str(tmp_path / "user" / "default" / "rain" / "a.json")
    assert (tmp_path / "user" / "default" / "rain").is_dir()
    assert users.get_request_user_filepath(request, "../other/a.json") is None
    assert users.settings.get_settings(request) == {}
    users.settings.save_settings(request, {"rain": True})
    assert users.settings.get_settings(request) == {"rain": True}
    assert json.loads((tmp_path / "user" / "default" / "comfy.settings.json").read_text()) == {"rain": True}


def test_what_is_not_there_is_said_in_a_sentence(server: Any) -> None:
    with pytest.raises(AttributeError, match='prompt_queue has no "task_done" in Weft'):
        server.prompt_queue.task_done(1)
    with pytest.raises(AttributeError, match='instance has no "model_file_manager" in Weft'):
        _ = server.model_file_manager
