"""What the server says at its start: where it listens, its token if that is new, and what is unsafe about the choices."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator, Sequence

from serving.origins import ANY_ORIGIN
from serving.settings import ServeSettings, is_loopback
from serving.token_file import Known

GREETING = "To see the GUI go to: {url}"  # launchers wait for these words
SHORT_TOKEN = 12
EVERYWHERE = {"://0.0.0.0:": "://127.0.0.1:", "://[::]:": "://[::1]:"}


def announce(urls: Sequence[str], settings: ServeSettings, known: Known | None) -> None:
    """Print it, and open a browser if that was asked for."""
    for line in (*warnings_of(settings, known), *_token_lines(known), *(GREETING.format(url=url) for url in urls)):
        print(line, flush=True)
    if settings.opens_browser:
        threading.Thread(target=webbrowser.open, args=(local_url(urls[0]),), daemon=True).start()


def warnings_of(settings: ServeSettings, known: Known | None) -> Iterator[str]:
    """Yield a sentence for each choice that lets in more than one may think."""
    if settings.cors_origin == ANY_ORIGIN and known is None:
        yield "Warning: any page that is open in a browser may use this server (--enable-cors-header without an origin)."
    if known is not None and known.token is not None and len(known.token) < SHORT_TOKEN:
        yield f"Warning: the token has only {len(known.token)} characters, which can be guessed."
    if settings.tls_certfile is None and not all(map(is_loopback, settings.listen)):
        yield "Warning: without --tls-certfile and --tls-keyfile whoever sees the network traffic sees the token."


def local_url(url: str) -> str:
    """Return the address for a browser of this machine."""
    for everywhere, here in EVERYWHERE.items():
        url = url.replace(everywhere, here)
    return url


def _token_lines(known: Known | None) -> Iterator[str]:
    if known is None:
        return
    if known.is_new:
        yield f"The server asks for this token, which is not shown again: {known.token}"
    elif known.token is None:
        yield "The server asks for the token of last time; --token TOKEN sets another."
    else:
        yield "The server asks for the token given by --token."
