"""Files as answers: types, names and ranges."""

from __future__ import annotations

from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from serving.etags import etag_of
from serving.file_names import OCTET_STREAM, content_type_of, disposition, is_shown

NOSNIFF = {"X-Content-Type-Options": "nosniff"}


def file_headers(name: str, *, is_download: bool = False) -> dict[str, str]:
    """Return the headers for a file of that name: what could carry a script is always a download without a type."""
    content_type = content_type_of(name)
    is_safe = is_shown(content_type)
    return {
        hdrs.CONTENT_TYPE: content_type if is_safe else OCTET_STREAM,
        hdrs.CONTENT_DISPOSITION: disposition("inline" if is_safe and not is_download else "attachment", name),
        hdrs.CACHE_CONTROL: "no-cache",  # kept, but asked for again: a file may change under its name
        **NOSNIFF,
    }


class SentFile(web.FileResponse):
    """A file with ETag, Last-Modified and ranges (206, 304, 416).

    Beyond aiohttp's: an If-Range with another ETag gets the whole file, several ranges too, and `cat.png.gz` is never
    sent for `cat.png`.
    """

    def __init__(self, path: Path, headers: dict[str, str]) -> None:
        super().__init__(path, headers=headers)
        self._file = path

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Begin to send, with the request's headers as they are to be understood."""
        headers = request.headers.copy()
        headers.popall(hdrs.ACCEPT_ENCODING, None)
        if "," in headers.get(hdrs.RANGE, "") or self._is_outdated(headers.get(hdrs.IF_RANGE)):
            headers.popall(hdrs.RANGE, None)
        return await super().prepare(request.clone(headers=headers))

    def _is_outdated(self, if_range: str | None) -> bool:
        """Return whether a client's part belongs to another content; dates are aiohttp's to compare."""
        if if_range is None or not if_range.startswith(('"', "W/")):
            return False
        try:
            return if_range != f'"{etag_of(self._file)}"'
        except OSError:
            return True
