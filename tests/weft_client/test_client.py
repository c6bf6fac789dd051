"""The client against a real server."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.serving.live_server import ROOT, LiveServer
from tests.weft_client.prompts import count, failure, picture
from weft_client import Client, ClientError, JobFailed, RefusedError, Unreachable


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as found:
        return found.size


def test_pictures_of_a_job_are_fetched_and_saved(client: Client, tmp_path: Path) -> None:
    (image,) = client.run(picture("first"), {"EmptyImage.width": 40}).images()
    assert size_of(image.bytes()) == (40, 16)
    assert image.save(tmp_path) == tmp_path / image.filename
    assert image.save(tmp_path / "mine.png").read_bytes() == image.bytes()
    assert (image.node_id, image.folder) == ("2", "output")


def test_a_job_is_followed_from_its_start_to_its_end(client: Client) -> None:
    kinds = [event.kind for event in client.submit(picture("followed"), {"1.height": 18}).follow()]
    assert kinds[0] == "execution_start"
    assert "executed" in kinds
    assert kinds[-2:] == ["execution_success", "executing"]


def test_what_happened_in_a_job_that_is_over_is_told_again(client: Client) -> None:
    job = client.submit(picture("over"))
    first = job.wait()
    again = client.job(job.id)
    assert [event.kind for event in again.follow()] == [event.kind for event in job.follow()]
    assert next(again.follow()).kind == "execution_start"
    assert again.wait() == first


def test_a_job_that_was_taken_out_before_it_ran_is_told_as_interrupted(client: Client) -> None:
    client.pause()
    try:
        job = client.submit(count(1000))
        job.cancel()
        assert [event.kind for event in job.follow() if event.kind.startswith("exec")] == ["execution_interrupted"]
    finally:
        client.resume()


def test_a_refusal_lists_every_problem_of_every_node(client: Client) -> None:
    wrong = picture() | {"3": {"class_type": "SaveImage", "inputs": {}}}
    with pytest.raises(RefusedError) as refused:
        client.submit(wrong, {"EmptyImage.width": 0, "EmptyImage.height": "tall"})
    assert refused.value.status == 400
    text = str(refused.value)
    assert "width" in text and "height" in text and "#3" in text  # noqa: PT018
    assert len(text.splitlines()) == len(set(text.splitlines()))
    assert refused.value.node_errors.keys() == {"1", "3"}


def test_a_failed_job_raises_with_the_sentence_of_its_node(client: Client) -> None:
    job = client.submit(failure())
    with pytest.raises(JobFailed, match="ComfyMathExpression #1") as failed:
        job.wait()
    assert failed.value.state == job.state() == "failed"
    result = job.result()
    assert result is not None
    assert result.error["node_id"] == "1"


def test_a_running_job_and_a_waiting_one_are_cancelled(client: Client) -> None:
    running, waiting = client.submit(count(999)), client.submit(count(1000))
    for job in (waiting, running):
        job.cancel()
        with pytest.raises(JobFailed, match="was cancelled"):
            job.wait()


def test_the_queue_is_paused_ordered_by_priority_and_resumed(client: Client) -> None:
    client.pause()
    try:
        low, high = (client.submit(picture("order"), {"1.color": each}, priority=each) for each in (1, 2))
        found = client.queue()
        assert found.is_paused
        assert found.pending == (high.id, low.id)
    finally:
        client.resume()
    assert [job.wait().state for job in (low, high)] == ["completed", "completed"]
    assert not client.queue().is_paused


def test_an_upload_is_read_by_a_node_under_the_name_that_it_got(client: Client, tmp_path: Path) -> None:
    path = tmp_path / 'Bild "ä".png'
    Image.new("RGB", (8, 8), "red").save(path)
    name = client.upload(path, subfolder="sub folder")
    assert name.startswith("sub folder/")
    other = client.upload(picture_bytes("green"), "same.png")
    third = client.upload(picture_bytes("black"), "same.png")
    assert other == client.upload(picture_bytes("blue"), "same.png", overwrite=True) == "same.png"
    assert third != other
    nodes = {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "loaded"}},
    }
    assert size_of(client.run(nodes).images()[0].bytes()) == (8, 8)


def picture_bytes(color: str) -> bytes:
    """Return a small PNG file."""
    data = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(data, "PNG")
    return data.getvalue()


def test_history_ends_with_the_latest_job(client: Client) -> None:
    done = client.run(picture("history"))
    with pytest.raises(JobFailed):
        client.run(failure())
    before, last = client.history(limit=2)
    assert (before.outputs, last.state) == (done.outputs, "failed")
    assert len(client.history()) > 2


def test_node_types_are_described(client: Client) -> None:
    assert client.object_info("EmptyImage").keys() == {"EmptyImage"}
    assert {"EmptyImage", "Count"} < client.object_info().keys()


def test_texts_that_nodes_show_are_told(client: Client) -> None:
    nodes = {
        "1": {"class_type": "PrimitiveString", "inputs": {"value": "ä text"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    assert client.run(nodes).texts() == ["ä text"]


def test_one_client_serves_many_threads(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: client.run(picture("many"), {"1.color": number}), range(16)))
    assert len({result.images()[0].filename for result in results}) == 16


def test_an_unknown_job_is_refused_in_a_sentence(client: Client) -> None:
    with pytest.raises(RefusedError, match="There is no job nothing"):
        client.job("nothing").wait()


def test_a_server_that_is_not_there_is_told_with_its_address() -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1 does not answer"):
        Client("http://127.0.0.1:1", patience_s=0).queue()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ClientError, match=r"write it like http://"):
        Client("ftp://somewhere")


def test_the_client_needs_nothing_but_the_standard_library(server: LiveServer) -> None:
    program = (
        "import sys; before = set(sys.modules); import weft_client; weft_client.Client(sys.argv[1]).queue();"
        "print({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, server.url], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "{'weft_client'}"
