"""How the worker serves routes of packs to its server, and asks it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from files.folders import Folders
from files.kinds import Place
from graph.pack_requests import NO_ROUTE, REMOTE, SCHEME, SECRET
from graph.protocol import Inquiry, ModelPlaces, Reply
from runtime.model_places import ModelPlacesTeller
from runtime.pack_routes import for_server
from runtime.pack_sockets import PREFIX, SocketFolder, remove_leftovers
from runtime.server_questions import ServerQuestionError, ServerQuestions


async def _show(request: web.Request) -> web.Response:
    weft = [name for name in request.headers if name.startswith("X-Weft")]
    return web.json_response([request.remote, request.scheme, weft, await request.text()])


def test_only_who_knows_the_secret_gets_in() -> None:
    async def ask() -> None:
        app = web.Application(middlewares=[for_server("secret")])
        app.router.add_post("/rain", _show)
        async with TestClient(TestServer(app)) as client:
            for headers in ({}, {SECRET: "other"}):
                assert (await client.post("/rain", headers=headers)).status == 403
            known = {SECRET: "secret", REMOTE: "10.0.0.7", SCHEME: "https"}
            answer = await client.post("/rain", headers=known, data="body")
            assert await answer.json() == ["10.0.0.7", "https", [], "body"]
            missing = await client.get("/rain", headers=known)
            assert (missing.status, missing.headers[NO_ROUTE]) == (405, "1")

    asyncio.run(ask())


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a port is used")
def test_sockets_lie_in_a_folder_of_this_user_only_which_goes() -> None:
    async def listen() -> Path:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        folder = SocketFolder(os.getpid())
        path = Path(await folder.listen(runner))
        assert path.is_socket()
        assert path.parent.stat().st_mode & 0o777 == 0o700
        folder.remove()
        await runner.cleanup()
        return path.parent

    assert not asyncio.run(listen()).exists()


def test_folders_of_processes_that_were_killed_are_removed() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{gone.pid}-"))
    mine = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    remove_leftovers()
    assert not left.exists()
    assert mine.exists()
    mine.rmdir()


def test_an_answer_goes_to_whoever_asked() -> None:
    sent: list[Inquiry] = []
    both = threading.Event()

    def send(inquiry: Inquiry) -> None:
        sent.append(inquiry)
        if len(sent) == 2:
            both.set()

    questions = ServerQuestions(send)
    answers: dict[str, object] = {}
    threads = [
        threading.Thread(target=lambda what=what: answers.update({what: questions.ask(what, {"a": 1})}))  # type: ignore[misc]
        for what in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    assert both.wait(30)
    for inquiry in reversed(sent):
        questions.settle(Reply(inquiry.request_id, payload=json.dumps([inquiry.what]).encode()))
    for thread in threads:
        thread.join()
    assert answers == {"one": ["one"], "two": ["two"]}


def test_a_server_that_cannot_answer_says_so_in_a_sentence() -> None:
    refused = ServerQuestions(lambda inquiry: refused.settle(Reply(inquiry.request_id, "It cannot be.")))
    with pytest.raises(ServerQuestionError, match="It cannot be"):
        refused.ask("x", {})
    silent = ServerQuestions(lambda inquiry: None, answer_s=0.0)
    with pytest.raises(ServerQuestionError, match='did not answer the question "x"'):
        silent.ask("x", {})


def test_places_are_told_once_until_they_are_others(tmp_path: Path) -> None:
    folders, told = Folders.below(tmp_path), list[ModelPlaces]()
    teller = ModelPlacesTeller(folders, told.append)
    teller.tell()
    teller.tell()
    assert len(told) == 1
    folders.places["rains"] = Place([str(tmp_path)], {".rain"})
    folders.places["snows"] = ([tmp_path], [".a"])  # type: ignore[assignment]  # as packs put it there
    teller.tell()
    assert json.loads(told[1].payload)["rains"] == [[str(tmp_path)], [".rain"]]
    assert json.loads(told[1].payload)["snows"] == [[str(tmp_path)], [".a"]]
