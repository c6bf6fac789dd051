"""Videos and sound: read, written and cut, through PyAV. Operators and node packs share this."""
