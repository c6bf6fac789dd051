"""Forms with a file: the file streams to the disk, whichever comes first, it or the fields that say where it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from serving.file_names import check_new_name
from serving.file_store import CHUNK_BYTES, Incoming, receiving, too_large
from serving.refusals import refuse

MAX_FIELD_BYTES = 2**16
MAX_FIELDS = 32


@dataclass(frozen=True)
class Form:
    """A form that has arrived. file_name: what the client calls the file."""

    fields: Mapping[str, str]
    file_name: str
    file: Incoming


@asynccontextmanager
async def receiving_form(request: web.Request, file_field: str, folder: Path, limit: int) -> AsyncIterator[Form]:
    """Read a multipart form with one file; its file is in `folder` until the block ends."""
    if not request.content_type.startswith("multipart/"):
        raise refuse(
            400, f"The body is {request.content_type}; expected multipart/form-data with a file `{file_field}`."
        )
    if (request.content_length or 0) > limit + MAX_FIELDS * MAX_FIELD_BYTES:
        raise too_large(limit)
    fields: dict[str, str] = {}
    parts = _parts(request)
    async for part in parts:
        if part.name == file_field and part.filename is not None:
            name = check_new_name(part.filename)
            async with receiving(_chunks(part), folder, limit) as incoming:
                async for later in parts:
                    await _take_field(fields, later)
                yield Form(fields, name, incoming)
                return
        await _take_field(fields, part)
    raise refuse(400, f"The form has no file `{file_field}`.")


async def _parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """Yield the parts of a form; 400 if it is none."""
    try:
        reader = await request.multipart()
        for _ in range(MAX_FIELDS):
            part = await reader.next()
            if part is None:
                return
            if isinstance(part, MultipartReader):
                raise refuse(400, "A part of the form is a form itself; expected fields and a file.")
            yield part
    except (ValueError, LookupError, AssertionError, RuntimeError, RuntimeWarning, HttpProcessingError) as error:
        raise refuse(400, f"The form is broken: {error}.") from error
    raise refuse(400, f"The form has more than {MAX_FIELDS} parts.")


async def _take_field(fields: dict[str, str], part: BodyPartReader) -> None:
    """Read a field that is no file; a later one of the same name counts."""
    data = bytearray()
    async for chunk in _chunks(part):
        data += chunk
        if len(data) > MAX_FIELD_BYTES:
            raise refuse(413, f"The field {part.name} of the form is longer than {MAX_FIELD_BYTES} bytes.")
    fields[part.name or ""] = data.decode("utf-8", "replace")


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    try:
        while chunk := await part.read_chunk(CHUNK_BYTES):
            yield bytes(chunk)
    except (ValueError, AssertionError) as error:
        raise refuse(400, f"The form ends too early or is broken: {error}.") from error
