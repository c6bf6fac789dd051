"""Keys: what a node's result depends on, as 16 bytes. Equal keys, equal results.

    key = node_key(bound, {"1": key_of_1}, file_digest=None)  # Merkle: literals, or upstream key + output index
    again = content_key(bound, digest_of)                     # the same with digests of the values that arrived

Ids and titles are not part of a key. A key is made once per node, from the keys before it: no recursion. None means
that nothing may be reused: the node is impure, or stands behind one that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from graph.binding import Bound
from graph.choices import File
from graph.encoding import EncodingError, encode, scalar
from graph.errors import GraphError
from graph.spec import NodeSpec, Socket
from graph.widgets import FileText
from graph.workflow import CacheMark, Link

Key = bytes
FileDigest = Callable[[File, str], Any]
"""A JSON value that changes with the file's content, or with any file of the kind for ALL_FILES; None: no such file."""
ALL_FILES = ""

KEY_BYTES = 16


def node_key(bound: Bound, keys: Mapping[str, Key | None], file_digest: FileDigest | None = None) -> Key | None:
    """Return the key of a node whose upstream keys are known; None if its result may not be reused."""

    def part(link: Link, socket: Socket | None) -> bytes | None:
        key = keys[link.node_id]
        if key is not None and socket is not None and socket.is_reference:
            key += b"reference" + encode(link.node_id)
        return _with_any_file(None if key is None else b"k" + key + b"%d;" % link.output, socket, file_digest)

    return _key(b"node", bound, part, file_digest)


def content_key(
    bound: Bound, digest_of: Callable[[Link], bytes | None], file_digest: FileDigest | None = None
) -> Key | None:
    """Return the key by what arrived, instead of by how it was made; None if that cannot be told."""
    if bound.lazy_links or bound.spec.has_references:
        return None

    def part(link: Link, socket: Socket | None) -> bytes | None:
        return _with_any_file(digest_of(link), socket, file_digest)

    return _key(b"content", bound, part, file_digest)


def call_key(
    spec: NodeSpec,
    inputs: Mapping[str, Any],
    digest: Callable[[Any], bytes | None] | None,
    file_digest: FileDigest | None = None,
) -> Key | None:
    """Return the key of a function called with these values; None if a value has no digest."""
    if not spec.is_pure or spec.fingerprint is not None or spec.adapter is not None:
        return None
    parts = [b"call", spec.encoded]
    for name, value in sorted(inputs.items()):
        socket = spec.input(name)
        is_file = file_digest is not None and socket is not None and isinstance(socket.widget, File | FileText)
        part = _literal_part(value, socket, file_digest) if is_file else value_part(value, digest)
        if part is None:
            return None
        parts += (encode(name), part)
    return _hash(parts)


def value_part(value: Any, digest: Callable[[Any], bytes | None] | None) -> bytes | None:
    """Return bytes that stand for a value: a plain one itself, else its digest; None if it has none."""
    plain = scalar(value)
    if plain is not None or digest is None:
        return plain
    found = digest(value)
    return None if found is None else b"v%d:" % len(found) + found


def _key(
    kind: bytes,
    bound: Bound,
    link_part: Callable[[Link, Socket | None], bytes | None],
    file_digest: FileDigest | None,
) -> Key | None:
    spec = bound.spec
    if not spec.is_pure or bound.node.mark is CacheMark.NEVER:
        return None
    parts = [kind, spec.encoded]
    names = spec.encoded_names
    for name, value in bound.inputs.items():
        socket = spec.input(name)
        part = link_part(value, socket) if isinstance(value, Link) else _literal_part(value, socket, file_digest)
        if part is None:
            return None
        parts += (names.get(name) or encode(name), part)
    if spec.counts_id:
        parts += (b"id", encode(bound.node.id))
    if spec.fingerprint is not None or spec.adapter is not None:
        seen = _fingerprint(bound)
        if seen is None:
            return None
        parts += (b"fingerprint", seen)
    return _hash(parts)


def _literal_part(value: Any, socket: Socket | None, file_digest: FileDigest | None) -> bytes | None:
    try:
        part = scalar(value) or encode(value)
    except EncodingError:
        return None
    if file_digest is None:
        return part
    widget = socket.widget if socket is not None and isinstance(value, str) else None
    if isinstance(widget, File):
        content = file_digest(widget, value)
        return None if content is None else part + b"file" + encode(content)
    if isinstance(widget, FileText) and (names := widget.names_in(value)):
        return part + b"files" + encode([file_digest(File(widget.kind), name) for name in names])
    return part


def _with_any_file(part: bytes | None, socket: Socket | None, file_digest: FileDigest | None) -> bytes | None:
    """Add what is to be known of files to a link, whose text or name arrives only later."""
    widget = socket.widget if socket is not None and file_digest is not None else None
    if isinstance(widget, File):
        return None
    if part is None or file_digest is None or not isinstance(widget, FileText):
        return part
    return part + b"any file" + encode(file_digest(File(widget.kind), ALL_FILES))


def _fingerprint(bound: Bound) -> bytes | None:
    """Return what a node sees outside; None if it cannot look (the node itself will say why)."""
    spec = bound.spec
    try:
        if spec.adapter is not None:
            return encode(spec.adapter.fingerprint(bound.node, bound.inputs))
        assert spec.fingerprint is not None
        literals = {name: value for name, value in bound.inputs.items() if not isinstance(value, Link)}
        return encode(spec.fingerprint(**literals))
    except (OSError, ValueError, TypeError, LookupError, GraphError):
        return None


def _hash(parts: Iterable[bytes]) -> Key:
    return blake2b(b"".join(parts), digest_size=KEY_BYTES).digest()
