"""HTTPS: the key and the certificate that were named, as a context; or a sentence that says what is wrong with them.

tls_context(Path("server.crt"), Path("server.key"))  # an ssl.SSLContext; None without either
"""

from __future__ import annotations

import ssl
from pathlib import Path

from serving.errors import StartError


def tls_context(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    """Return what the server's sockets are wrapped in; StartError if one file is missing or they do not fit."""
    if certfile is None and keyfile is None:
        return None
    if certfile is None or keyfile is None:
        given, missing = ("keyfile", "certfile") if certfile is None else ("certfile", "keyfile")
        raise StartError(f"--tls-{given} needs --tls-{missing} too; name both, or neither for plain HTTP.")
    for name, path in (("certfile", certfile), ("keyfile", keyfile)):
        _check_readable(name, path)
    return _load(certfile, keyfile)


def _check_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise StartError(f"--tls-{name}: {path} cannot be read: {error.strerror}.") from error


def _load(certfile: Path, keyfile: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certfile, keyfile, password=_refuse_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise StartError(f"{keyfile} is not the key of the certificate in {certfile}.") from error
        raise StartError(f"{certfile} and {keyfile} are not a certificate and its key in PEM: {error}.") from error
    return context


def _refuse_password() -> str:
    """Nobody is there to type one."""
    raise StartError("--tls-keyfile: the key is encrypted; `openssl pkey -in KEY -out PLAIN` writes it in the clear.")
