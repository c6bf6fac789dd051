"""Caches of packs."""

from compat.v3.api import CacheContext as CacheContext
from compat.v3.api import CacheProvider as CacheProvider
from compat.v3.api import CacheValue as CacheValue
