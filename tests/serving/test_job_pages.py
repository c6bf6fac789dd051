"""Searching the jobs: by what they ran with, by their labels and by what they made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving.job_pages import Page, is_found
from serving.queue_store import Documents, QueueStore
from tests.serving.test_queue_store import done, job

PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd/Landscapes.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "Um Pássaro vermelho,\nred bird", "clip": ["1", 1]}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 77, "sampler_name": "euler", "model": ["1", 0]}},
}


def searched(text: str) -> bool:
    """Search one job that made a picture, by a text."""
    result = json.dumps({"outputs": {"9": {"images": [{"filename": "fox_0001.png", "subfolder": "night"}, 5]}, "8": 1}})
    return is_found(text, json.dumps(PROMPT).encode(), result.encode(), '["Draft"]')


@pytest.mark.parametrize(
    "text", ["RED bird", "bird red", "PÁSSARO", "passaro", "landscapes", "euler", "fox_0001", "night", "draft", ""]
)
def test_a_job_is_found_by_its_texts_models_files_and_labels(text: str) -> None:
    assert searched(text)


@pytest.mark.parametrize("text", ["red cat", "CLIPTextEncode", "seed", "ckpt_name", "77"])
def test_a_job_is_not_found_by_names_of_types_and_inputs_nor_by_numbers(text: str) -> None:
    assert not searched(text)


def test_a_search_looks_at_every_job_and_a_page_counts_what_was_found(tmp_path: Path) -> None:
    store = QueueStore.open(tmp_path / "queue.sqlite")
    for number in range(120):
        text = "a red fox" if number % 2 else "a blue sea"
        prompt = {"1": {"class_type": "CLIPTextEncode", "inputs": {"text": text}}}
        store.add(job(number), Documents(json.dumps(prompt).encode(), b"{}"))
    store.finish("job 1", done())
    ids = tuple(each for some in store.search("fox red") for each in some)
    found, total = store.page(Page(ids=ids, limit=2, only_begun=False))
    assert ([record.job.order for record in found], total) == ([119, 117], 60)
    assert [each for some in store.search("a.png") for each in some] == ["job 1"]
    store.close()
