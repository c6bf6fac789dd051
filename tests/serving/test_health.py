"""/health and /metrics of a whole server, whose worker does what the test says."""

from __future__ import annotations

from pathlib import Path

from serving.version import weft_version
from tests.serving.job_server import job_server


def test_health_is_told_before_the_worker_is_there_and_counts_what_waits(tmp_path: Path) -> None:
    with job_server(tmp_path) as server:
        server.queue()
        starting = {"status": "ok", "worker": "starting", "queue_remaining": 1, "version": weft_version()}
        assert server.get("/health") == server.get("/api/health") == starting


def test_a_queue_whose_file_is_gone_is_told_with_503(tmp_path: Path) -> None:
    with job_server(tmp_path) as server:
        server.files.call(lambda: server.files.site.desk.store.close())
        answer = server.files.get("/health")
        assert answer.status == 503
        assert "The queue's file cannot be read" in answer.json["error"]


def test_metrics_follow_what_happens(tmp_path: Path) -> None:
    with job_server(tmp_path) as server:
        server.queue()
        server.queue()
        server.ready()
        server.end()
        text = server.files.get("/metrics").body.decode()
        assert 'weft_jobs{state="completed"} 1.0' in text
        assert "weft_queue_remaining 1.0" in text
        assert 'weft_http_requests_total{method="POST",route="/prompt",status="200"} 2.0' in text
        assert 'weft_job_seconds_count{state="completed"} 1.0' in text
