"""Packings (diffusion.packed): one number a byte with scales, four bits with block scales, and the blocks of GGUF files."""
