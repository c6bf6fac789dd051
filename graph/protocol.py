"""The frames between server and worker: frozen messages, each a JSON header and an optional binary payload.

    data = encode(RunJob("5f0c", outputs=("9",), payload=b'{"9": ...}'))
    Decoder().feed(data)  # [RunJob("5f0c", ...)]: whole messages, however the bytes were cut

A frame is the length of the header and of the payload (two unsigned 32-bit numbers, big-endian), the header, the
payload. To add a message, add a frozen dataclass to ToWorker or FromWorker.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args

import msgspec

from graph.errors import GraphError
from graph.readable import readable

LENGTHS = struct.Struct(">II")
MAX_HEADER_BYTES = 256 * 2**20  # a longer one is no message of ours: the stream is out of step
NOTHING: Mapping[str, Any] = {}


class ProtocolError(GraphError):
    """Bytes are not a message; the sentence says what was found."""


@dataclass(frozen=True)
class RunJob:
    """Run a workflow; payload: its API document. `outputs` None: all output nodes."""

    job_id: str
    outputs: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True)
class ExpectJob:
    """What is to run next; payload: its API document. Memory is planned with it in view."""

    job_id: str
    outputs: tuple[str, ...] | None = None
    payload: bytes = b""


@dataclass(frozen=True)
class CancelJob:
    """End a job as soon as its nodes look; nothing happens if it does not run."""

    job_id: str


@dataclass(frozen=True)
class FreeMemory:
    """Let go of weights (`models`) and of kept results too (`results`), once no job runs."""

    models: bool = False
    results: bool = False


@dataclass(frozen=True)
class Ask:
    """A question that is answered at once, also during a job. `what`: a name in runtime.worker's table of questions."""

    request_id: int
    what: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True)
class Reply:
    """The answer to an Inquiry; payload: JSON. `error`: a sentence, if there is no answer."""

    request_id: int
    error: str | None = None
    payload: bytes = b""


@dataclass(frozen=True)
class Ready:
    """The worker can take jobs. `stats`: devices and versions, as /system_stats shows them."""

    pid: int
    stats: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Specs:
    """The node types that there are now; payload: a document of graph.spec_document."""

    payload: bytes = b""


@dataclass(frozen=True)
class LoadingPacks:
    """The node packs that are being imported now: if the worker dies, it may be one of them that ended it."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Packs:
    """What became of each node pack.

    payload: JSON with `packs`, their reports, `changed`, the names of those that were loaded just now or are gone, and
    `web_folders`, paths by name.
    """

    payload: bytes = b""


@dataclass(frozen=True)
class PackRoutes:
    """Which requests node packs answer, and where.

    payload: JSON with `secret`, a header that requests must carry, `mounts`, each with `pack`, `address` and `routes`,
    `on_prompt`, the address where prompts are shown before they are checked, or null, and `notes` by pack.
    """

    payload: bytes = b""


@dataclass(frozen=True)
class ModelPlaces:
    """Where models lie now, since packs may add kinds and folders; payload: JSON, by kind folders and suffixes."""

    payload: bytes = b""


@dataclass(frozen=True)
class Inquiry:
    """A question of a node pack's to the server, answered by a Reply. `what`: a name in serving.pack_questions."""

    request_id: int
    what: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobEvents:
    """What happened in a job, in order: documents of graph.event_document."""

    job_id: str
    events: tuple[Any, ...]


@dataclass(frozen=True)
class PreviewImage:
    """A picture of work in progress; payload: its bytes. `parent` and `display`: as graph.events.Origin has them."""

    job_id: str
    node_id: str
    format: str = "jpeg"
    parent: str | None = None
    display: str | None = None
    payload: bytes = b""


@dataclass(frozen=True)
class JobEnded:
    """A job is over. `status`: `done`, `failed` or `cancelled`; error: what ComfyUI's execution_error tells of it."""

    job_id: str
    status: str
    ui: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """The answer to an Ask. `error`: a sentence, if there is no answer."""

    request_id: int
    value: Any = None
    error: str | None = None


@dataclass(frozen=True)
class Said:
    """Something that a node pack sends to browsers, to one client or to all; payload: of a binary message."""

    event: str
    data: Any = None
    client_id: str | None = None
    payload: bytes = b""


ToWorker = RunJob | ExpectJob | CancelJob | FreeMemory | Ask | Reply
FromWorker = (
    Ready
    | Specs
    | LoadingPacks
    | Packs
    | PackRoutes
    | ModelPlaces
    | JobEvents
    | PreviewImage
    | JobEnded
    | Answer
    | Inquiry
    | Said
)
Message = ToWorker | FromWorker
_CLASSES: Mapping[str, type[Any]] = {cls.__name__: cls for cls in (*get_args(ToWorker), *get_args(FromWorker))}


def encode(message: Message) -> bytes:
    """Return the frame of a message; what JSON does not know goes as text."""
    names = [part.name for part in fields(message) if part.name != "payload"]
    data = _json({"": type(message).__name__, **{name: getattr(message, name) for name in names}})
    payload: bytes = getattr(message, "payload", b"")
    return LENGTHS.pack(len(data), len(payload)) + data + payload


def _json(header: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(header, enc_hook=readable)
    except (TypeError, ValueError, RecursionError):  # odd keys, half a character, a value that holds itself
        return msgspec.json.encode(readable(header))


class Decoder:
    """Puts frames together again."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are whole now; ProtocolError if the bytes are no frames."""
        self._data += data
        found: list[Message] = []
        start = 0
        while len(self._data) - start >= LENGTHS.size:
            header_bytes, payload_bytes = LENGTHS.unpack_from(self._data, start)
            if header_bytes > MAX_HEADER_BYTES:
                raise ProtocolError(f"A header of {header_bytes} bytes is too long; the stream is out of step.")
            begin = start + LENGTHS.size
            end = begin + header_bytes + payload_bytes
            if len(self._data) < end:
                break
            header = bytes(self._data[begin : begin + header_bytes])
            found.append(_message(header, bytes(self._data[begin + header_bytes : end])))
            start = end
        del self._data[:start]
        return found


def _message(header: bytes, payload: bytes) -> Message:
    try:
        document = msgspec.json.decode(header)
        cls = _CLASSES[document.pop("")]
        values = {
            name: tuple(value) if name in _TUPLES and value is not None else value for name, value in document.items()
        }
        message: Message = cls(**values, **({"payload": payload} if payload else {}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"{header[:60]!r} is not a message of this version: {error!r}.") from error
    return message


_TUPLES = frozenset({"outputs", "events", "names"})  # JSON knows lists only
