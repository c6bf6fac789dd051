"""Who a request comes from: the name that the server is called by, and the page that calls it.

A page of another site must not use the server through its visitor's browser, neither by its address (cross-site requests)
nor by a name of its own that suddenly leads here (DNS rebinding). Clients that are no browsers send no Origin and are let in.

    names = HostNames.of(("127.0.0.1",))
    names.admit("localhost:8188"), names.admit("evil.example:8188")  # (True, False)
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from serving.settings import is_loopback

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})
ANY_ORIGIN = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
FOREIGN = frozenset({"cross-site", "same-site"})  # same-site: another port or subdomain, so another program


@dataclass(frozen=True)
class HostNames:
    """The names under which the server may be called. A name can be rebound, an address cannot."""

    names: frozenset[str]
    has_any_address: bool  # it listens to all addresses of the machine, whichever they are

    @staticmethod
    def of(listen: Sequence[str], more: Sequence[str] = (), machine: str | None = None) -> HostNames:
        """Return the names for some listen addresses; `machine`: the name of this one."""
        listens_to_all = not ANY_ADDRESS.isdisjoint(listen)
        own = (machine or socket.gethostname()).lower()
        names = {"localhost", *map(_canonical, (*listen, *more)), *((own, f"{own}.local") if listens_to_all else ())}
        return HostNames(frozenset(names), listens_to_all)

    def admit(self, host: str) -> bool:
        """Whether a Host header names this server."""
        name = _name_of(host)
        if name is None:
            return False
        return name in self.names or (_is_address(name) and (self.has_any_address or is_loopback(name)))


def foreign_fault(method: str, headers: Mapping[str, str], allowed_origin: str | None) -> str | None:
    """Say why a request is refused that a page of another origin makes; None if it is not such a one, or is allowed."""
    if allowed_origin == ANY_ORIGIN:
        return None
    origin = headers.get("Origin")
    if origin is not None:
        if is_same_origin(origin, headers.get("Host", "")) or origin == allowed_origin:
            return None
        return f"The page at {origin[:200]} may not use this server; `--enable-cors-header ORIGIN` lets a page in."
    if headers.get("Sec-Fetch-Site") not in FOREIGN or _is_navigation(method, headers):
        return None
    if allowed_origin is not None and origin_of(headers.get("Referer", "")) == allowed_origin:
        return None
    return "A page of another site may not use this server; `--enable-cors-header ORIGIN` lets a page in."


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an Origin is where a request with this Host goes. The scheme does not count: TLS may end at a proxy."""
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        usual = DEFAULT_PORTS.get(page.scheme)
        ports = (page.port or usual, here.port or usual)
    except ValueError:
        return False
    return usual is not None and page.hostname is not None and (page.hostname, ports[0]) == (here.hostname, ports[1])


def origin_of(url: str) -> str:
    """Return the origin of an address; "" if it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _is_navigation(method: str, headers: Mapping[str, str]) -> bool:
    """Whether somebody followed a link: the page that held it sees nothing of the answer."""
    is_visit = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return method in ("GET", "HEAD") and is_visit


def _name_of(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises if it is no number
    except ValueError:
        return None
    is_plain = parts.netloc == host and parts.username is None and parts.hostname
    return _canonical(parts.hostname) if is_plain and parts.hostname else None


def _canonical(name: str) -> str:
    name = name.lower().rstrip(".").strip("[]")
    return str(ipaddress.ip_address(name)) if _is_address(name) else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
