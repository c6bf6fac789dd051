"""Parts of the API, of which there is one each."""


class ProxiedSingleton:
    """A part of the API; it keeps nothing, so that it does not matter how many there are."""
