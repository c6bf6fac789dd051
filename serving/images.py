"""Pictures for browsers: smaller copies, single channels, masks. Files are not trusted: their size is looked at before
they are decoded, only formats that PIL decodes by itself are opened, and all that can go wrong is a PictureError.

    await pictures.make(path, "webp 90", lambda picture: as_preview(picture, Preview("webp", 90, "rgba")))
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from serving.etags import etag_of

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 89_478_485  # where PIL begins to warn of decompression bombs: a quarter of a gigabyte in RGB
MAX_AT_ONCE = 2  # each may take some hundred megabytes
KEPT_BYTES = 8 * 2**20
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "ICO", "PPM", "TGA", "JPEG2000")
TRANSPARENT_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


class PictureError(ValueError):
    """A picture cannot be decoded or encoded; `status` is the answer to whoever asked for it."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.status = status


class Encoded(NamedTuple):
    """A picture as a file."""

    data: bytes
    content_type: str


class Preview(NamedTuple):
    """How a client wants a picture. format: `webp` or `jpeg`; channel: `rgba` or `rgb`."""

    format: str
    quality: int
    channel: str


class Pictures:
    """Makes pictures in threads, few at once, and keeps the latest small ones."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(MAX_AT_ONCE)
        self._kept: OrderedDict[tuple[str, str], Encoded] = OrderedDict()

    async def make(self, path: Path, how: str, work: Callable[[Image], Encoded]) -> Encoded:
        """Return the work's result for a file; `how` names the work. PictureError if the file is no good picture."""
        key = (f"{path} {await asyncio.to_thread(etag_of, path)}", how)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = await self.run(lambda: on_picture(path, work))
        self._keep(key, found)
        return found

    async def run(self, work: Callable[[], Encoded]) -> Encoded:
        """Return a result that is kept nowhere."""
        async with self._turn:
            return await asyncio.to_thread(work)

    def _keep(self, key: tuple[str, str], found: Encoded) -> None:
        self._kept[key] = found
        while sum(len(each.data) for each in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)


def on_picture(source: Path | BytesIO, work: Callable[[Image], Encoded]) -> Encoded:
    """Open a picture, work on it and close it."""
    with opened(source) as picture:
        return work(picture)


@contextmanager
def opened(source: Path | BytesIO) -> Iterator[Image]:
    """Open a picture whose size is bearable; all that PIL says against it or its decoding is a PictureError."""
    from PIL import Image, UnidentifiedImageError

    name = source.name if isinstance(source, Path) else "The upload"
    try:
        Image.init()
        with Image.open(source, formats=[name for name in FORMATS if name in Image.OPEN]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _bomb(name, f"{picture.width}×{picture.height}")
            yield picture
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} is no picture that this server can read.", 415) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _bomb(name, "far too many") from error
    except MemoryError as error:
        raise PictureError(f"{name} does not fit into memory.", 413) from error
    except Exception as error:  # decoders raise almost anything on broken files
        raise PictureError(f"{name} cannot be decoded or encoded: {error}.") from error


def as_preview(picture: Image, preview: Preview) -> Encoded:
    """Return a picture in a lossy format; its first frame, if it has more."""
    is_opaque = preview.format == "jpeg" or preview.channel == "rgb"
    return _encoded(without_alpha(picture) if is_opaque else plain(picture), preview.format, quality=preview.quality)


def colours_of(picture: Image) -> Encoded:
    """Return a picture's colours without its alpha, as PNG."""
    return _encoded(without_alpha(picture), "png")


def alpha_of(picture: Image) -> Encoded:
    """Return a picture's alpha over black, as PNG; a picture without alpha is opaque."""
    from PIL import Image

    found = Image.new("RGBA", picture.size)
    found.putalpha(plain(picture).convert("RGBA").getchannel("A"))
    return _encoded(found, "png")


def with_mask(original: Path, mask: Path, target_format: str) -> Encoded:
    """Return a picture with the alpha of another, and with the texts that it holds if it is a PNG.

    target_format: `png` or `webp` (without texts, without loss).
    """
    from PIL.PngImagePlugin import PngImageFile, PngInfo

    with opened(original) as picture, opened(mask) as drawn:
        if picture.size != drawn.size:
            sizes = f"{drawn.width}×{drawn.height}", f"{picture.width}×{picture.height}"
            raise PictureError(
                f"The mask is {sizes[0]} and {original.name} is {sizes[1]}; they must be of one size.", 400
            )
        texts = PngInfo()
        for key, text in picture.text.items() if isinstance(picture, PngImageFile) else ():
            texts.add_text(key, text)
        found = plain(picture).convert("RGBA")
        found.putalpha(plain(drawn).convert("RGBA").getchannel("A"))
        if target_format == "webp":
            return _encoded(found, "webp", lossless=True, exact=True)
        return _encoded(found, "png", pnginfo=texts, compress_level=4)


def plain(picture: Image) -> Image:
    """Return a picture in a mode that every format takes: RGB or RGBA."""
    has_alpha = picture.mode in TRANSPARENT_MODES or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def without_alpha(picture: Image) -> Image:
    """Return the colours of a picture, also where it is transparent."""
    return plain(picture).convert("RGB")


def _encoded(picture: Image, format: str, **options: object) -> Encoded:
    buffer = BytesIO()
    picture.save(buffer, format=format.upper(), **options)
    return Encoded(buffer.getvalue(), f"image/{format}")


def _bomb(name: str, size: str) -> PictureError:
    return PictureError(f"{name} has {size} pixels; at most {MAX_PIXELS} are decoded.", 413)
