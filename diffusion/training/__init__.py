"""How the built-in model is trained: its sizes, its autoencoder, the loop that every stage shares, and the export.

The diffusion process itself is in `diffusion.train`.
"""
