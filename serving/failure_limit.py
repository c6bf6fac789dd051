"""FailureLimit: how often one may fail to log in, per address and in total.

limit = FailureLimit(clock=time.monotonic)
limit.take("192.168.0.7")  # 0.0: try; else the seconds to wait
limit.give_back("192.168.0.7")  # it was no failure
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_ADDRESSES = 4096  # that are remembered; the one that was seen longest ago is forgotten first


class Rate(NamedTuple):
    """So many at once, and one more each `every_s`."""

    burst: int
    every_s: float


PER_ADDRESS = Rate(10, 6.0)
IN_TOTAL = Rate(200, 0.5)


class _Bucket:
    """Counts failures, and forgets them with time."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._level = 0.0
        self._seen_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until one more is allowed."""
        self._level = max(0.0, self._level - (now_s - self._seen_s) / self._rate.every_s)
        self._seen_s = now_s
        return max(0.0, self._level + 1 - self._rate.burst) * self._rate.every_s

    def add(self, count: int) -> None:
        """Count failures, or with -1 take one back."""
        self._level = max(0.0, self._level + count)


class FailureLimit:
    """Failures that are not forgotten yet. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], per_address: Rate = PER_ADDRESS, in_total: Rate = IN_TOTAL) -> None:
        self._clock = clock
        self._rate = per_address
        self._total = _Bucket(in_total)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str) -> float:
        """Return 0 and count a failure, or return the seconds to wait. It counts first: many at once are many."""
        now_s, bucket = self._clock(), self._bucket(address)
        wait_s = max(bucket.wait_s(now_s), self._total.wait_s(now_s))
        if wait_s == 0:
            bucket.add(1)
            self._total.add(1)
        return wait_s

    def give_back(self, address: str) -> None:
        """Take back what `take` counted: the attempt succeeded."""
        self._bucket(address).add(-1)
        self._total.add(-1)

    def _bucket(self, address: str) -> _Bucket:
        network = network_of(address)
        bucket = self._buckets.setdefault(network, _Bucket(self._rate))
        self._buckets.move_to_end(network)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket


def network_of(address: str) -> str:
    """Return what one person has: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
