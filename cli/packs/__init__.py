"""`weft nodes install` and its like: node packs are fetched, checked, and put in their place whole or not at all."""
