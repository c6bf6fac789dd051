"""What `weft serve` makes of what was typed."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.main import get_command

from cli.acting_flags import ACTING_FLAGS
from cli.app import app
from cli.idle_flags import IDLE_FLAGS, IdleFlag
from cli.launch_flags import LaunchError, all_flags, parse_flags
from cli.serve import folders_of, main, notes_of, settings_of
from cli.server_logging import log_output
from cli.worker_flags import FOLDER_FLAGS, worker_flags
from serving.settings import MIB, ServeSettings

ROOT = Path(__file__).parents[2]
# The launch flags of ComfyUI 0.33 and how many values each takes: argparse's nargs, 0 for a switch, 1 for one value.
COMFYUI: dict[object, str] = {
    0: """auto-launch disable-auto-launch cuda-malloc disable-cuda-malloc force-fp32 force-fp16 fp32-unet fp64-unet
        bf16-unet fp16-unet fp8_e4m3fn-unet fp8_e5m2-unet fp8_e8m0fnu-unet fp16-vae fp32-vae bf16-vae cpu-vae
        fp8_e4m3fn-text-enc fp8_e5m2-text-enc fp16-text-enc fp32-text-enc bf16-text-enc fp16-intermediates
        force-channels-last supports-fp8-compute enable-triton-backend disable-triton-backend cache-classic cache-none
        high-ram use-split-cross-attention use-quad-cross-attention use-pytorch-cross-attention use-sage-attention
        use-flash-attention use-ck-attention disable-xformers force-upcast-attention dont-upcast-attention enable-manager
        disable-manager-ui enable-manager-legacy-ui gpu-only highvram lowvram novram cpu disable-nvml-pressure
        disable-async-offload disable-dynamic-vram enable-dynamic-vram fast-disk disable-cuda-graphs force-non-blocking
        disable-smart-memory deterministic debug-hang disable-pinned-memory mmap-torch-files disable-mmap
        dont-print-server quick-test-for-ci windows-standalone-build disable-metadata disable-all-custom-nodes
        disable-api-nodes multi-user log-stdout enable-compress-response-body enable-assets enable-asset-hashing
        list-feature-flags""",
    1: """port tls-keyfile tls-certfile max-upload-size base-directory output-directory temp-directory input-directory
        cuda-device default-device oneapi-device-selector preview-method preview-size cache-lru reserve-vram vram-headroom
        default-hashing-function front-end-version front-end-root user-directory models-directory comfy-api-base
        database-url feature-flag""",
    "?": "listen enable-cors-header directml async-offload",
    "*": "cache-ram fast verbose",
    "+": "extra-model-paths-config whitelist-custom-nodes",
}
REPEATED = {"extra-model-paths-config", "verbose", "feature-flag"}
ARITIES = {name: values for values, names in COMFYUI.items() for name in names.split()}


def settings(*words: str) -> ServeSettings:
    return settings_of(parse_flags(words), words)


def test_every_launch_flag_of_comfyui_is_there_with_its_number_of_values() -> None:
    ours = {flag.name: 1 if flag.values is None else flag.values for flag in all_flags()}
    assert {name: ours.get(name) for name in ARITIES} == ARITIES
    assert {flag.name for flag in all_flags() if flag.repeats} >= REPEATED


def test_a_flag_stands_in_the_table_once() -> None:
    names = [flag.name for flag in all_flags()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("flag", IDLE_FLAGS, ids=lambda flag: flag.name)
def test_a_flag_without_effect_is_accepted_with_a_reason(flag: IdleFlag) -> None:
    values = [] if flag.values in (0, "?", "*") else ["7"]
    assert notes_of(parse_flags([f"--{flag.name}", *values])) == [f"--{flag.name} has no effect: {flag.why}."]


def test_without_flags_it_listens_to_this_machine_at_the_usual_port() -> None:
    found = settings()
    assert (found.listen, found.port, found.asks_token) == (("127.0.0.1",), 8188, False)
    assert notes_of(parse_flags([])) == []


def test_listen_without_an_address_means_all_and_asks_for_a_token() -> None:
    assert settings("--listen").listen == ("0.0.0.0", "::")
    assert settings("--listen").asks_token
    assert settings("--listen", "127.0.0.1,192.168.0.7").asks_token
    assert not settings("--listen", "127.2.2.2,::1,localhost").asks_token


def test_flags_of_the_server_become_settings(tmp_path: Path) -> None:
    words = ["--port", "9000", "--max-upload-size", "2.5", "--enable-cors-header", "--multi-user", "--auto-launch"]
    found = settings(*words, "--user-directory", str(tmp_path), "--allow-host", "box.lan", "--allow-host", "box")
    assert (found.port, found.max_upload_bytes, found.cors_origin) == (9000, round(2.5 * MIB), "*")
    assert (found.is_multi_user, found.opens_browser, found.user) == (True, True, tmp_path)
    assert found.allow_hosts == ("box.lan", "box")
    assert not settings("--windows-standalone-build", "--disable-auto-launch").opens_browser


def test_a_token_may_be_named_or_asked_for() -> None:
    assert (settings("--token", "open sesame").token, settings("--token", "open sesame").asks_token) == (
        "open sesame",
        True,
    )
    assert (settings("--token").token, settings("--token").asks_token) == (None, True)


def test_flags_of_the_engine_go_to_the_worker_and_no_others() -> None:
    words = [
        "--port",
        "0",
        "--lowvram",
        "--fp16-unet",
        "--memory-budget",
        "2GB",
        "--cache-disk",
        "0",
        "--fast",
        "--token",
        "x",
    ]
    assert worker_flags(parse_flags(words)) == [
        "--cache-disk",
        "0.0",
        "--memory-budget",
        "2GB",
        "--lowvram",
        "--fp16-unet",
    ]
    assert settings(*words).worker_command[1:3] == (str(ROOT / "main.py"), "worker")


def test_flags_of_comfyui_are_told_to_the_worker_in_its_own_words() -> None:
    assert worker_flags(parse_flags(["--high-ram"])) == ["--cache-classic"]
    assert worker_flags(parse_flags(["--cache-ram", "4", "24"])) == ["--cache-ram", "4.0", "24.0"]
    assert worker_flags(parse_flags(["--cache-ram"])) == ["--cache-ram"]
    assert worker_flags(parse_flags(["--default-device", "1"])) == ["--device", "cuda:1"]


def test_server_and_worker_have_the_same_folders(tmp_path: Path) -> None:
    typed = parse_flags(
        ["--base-directory", str(tmp_path), "--temp-directory", str(tmp_path / "t"), "--output-directory", "o"]
    )
    folders = folders_of(typed)
    assert (folders.base, folders.temp, folders.output) == (tmp_path, tmp_path / "t" / "temp", Path("o").absolute())
    told = ["--base-directory", tmp_path, "--output-directory", folders.output, "--temp-directory", folders.temp]
    assert worker_flags(typed) == [str(word) for word in told]
    assert settings_of(typed).user == tmp_path / "user"


def test_models_may_lie_elsewhere(tmp_path: Path) -> None:
    folders = folders_of(parse_flags(["--models-directory", str(tmp_path)]))
    assert folders.model_roots("controlnet") == (tmp_path / "controlnet", tmp_path / "t2i_adapter")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--prot", "1"], "--prot is no flag of `weft serve`; did you mean --port?"),
        (["--zzzzzz"], "--zzzzzz is no flag of `weft serve`; `weft serve --help` lists them all."),
        (["a.json"], '"a.json" is no flag; `weft serve` takes flags only, and `weft run a.json` runs a workflow.'),
        (["--port", "70000"], '--port: "70000" is not a port, a number from 0 to 65535.'),
        (["--port"], "--port: expected one argument."),
        (["--max-upload-size", "nan"], '--max-upload-size: "nan" is not a number, 0 or more.'),
        (["--front-end-root", "/no/such"], '--front-end-root: "/no/such" is not a folder that is there.'),
        (["--lowvram", "--cpu"], "--lowvram and --cpu exclude each other; leave one out."),
        (["--cache-none", "--cache-lru", "3"], "--cache-none and --cache-lru exclude each other; leave one out."),
        (["--cpu", "--device", "cuda:1"], "--cpu and the device cuda:1 exclude each other; leave one out."),
        (["--fp16-unet", "--bf16-unet"], "--fp16-unet and --bf16-unet contradict each other; leave one out."),
        (["--cache-ram", "1", "2", "3"], "--cache-ram takes two numbers at most: GB to keep free, and for what is not in use."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == f"{sentence}\n"


def test_a_known_feature_is_true_or_false_and_others_keep_their_text() -> None:
    found = settings("--feature-flag", "show_signin_button", "--feature-flag", "colour=blue", "--feature-flag", "bare")
    assert found.features == {"show_signin_button": True, "colour": "blue", "bare": "true"}
    with pytest.raises(LaunchError, match='"yes" is neither true nor false'):
        settings("--feature-flag", "enable_telemetry=yes")


def test_known_features_are_printed_for_launchers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-feature-flags"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"show_signin_button", "enable_telemetry"}


def test_verbose_takes_nothing_or_a_level_or_a_level_and_a_file() -> None:
    assert log_output([]) == (logging.DEBUG, None)
    assert log_output(["ERROR"]) == (logging.ERROR, None)
    assert log_output(["DETAIL", "a.log"]) == (15, Path("a.log"))
    for words in (["loud"], ["a.log", "INFO"], ["INFO", "a", "b"]):
        with pytest.raises(LaunchError, match="--verbose takes"):
            log_output(words)


def test_starting_the_server_loads_neither_torch_nor_typer() -> None:
    heavy = ("torch", "numpy", "PIL", "typer", "nodes", "diffusion")
    making = "import sys, main, cli.serve as s; typed = s.parse_flags([]); s.settings_of(typed); s.folders_of(typed)"
    script = f"{making}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("words", [["serve", "--zzz"], ["--zzz"]])
def test_flags_without_a_command_are_those_of_the_server(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "main.py", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "--zzz is no flag of `weft serve`; `weft serve --help` lists them all.\n",
    )


def test_the_token_is_not_shown_with_what_was_typed() -> None:
    for words in (["--token", "open sesame", "--cpu"], ["--token=open sesame", "--cpu"]):
        assert "open sesame" not in " ".join(settings(*words).argv)
        assert "--cpu" in settings(*words).argv


def test_front_ends_are_told_to_ask_nobody_for_news() -> None:
    assert settings("--cpu").argv == ("main.py", "--cpu", "--disable-api-nodes")
    assert settings("--disable-api-nodes").argv == ("main.py", "--disable-api-nodes")


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TOKEN", "from outside")
    assert (settings().token, settings().asks_token) == ("from outside", True)
    assert settings("--token", "typed").token == "typed"


def test_the_worker_knows_every_flag_that_it_is_given() -> None:
    known = {name for option in get_command(app).commands["worker"].params for name in option.opts}  # type: ignore[attr-defined]
    passed = {flag.name for flag in ACTING_FLAGS if flag.is_for_worker} | set(FOLDER_FLAGS)
    assert {f"--{name}" for name in (*passed, "temp-directory", "extra-model-paths-config", "cache-ram")} <= known


def test_the_official_front_end_must_be_installed(capsys: pytest.CaptureFixture[str]) -> None:
    if find_spec("comfyui_frontend_package") is not None:
        pytest.skip("it is installed here")
    assert main(["--front-end", "comfyui"]) == 2
    assert "`pip install comfyui-frontend-package` brings it" in capsys.readouterr().err
