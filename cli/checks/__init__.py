"""The checks of `weft doctor`: each is a function from a Site to findings, and `table.CHECKS` lists them.

Nothing here imports torch: it is imported in a process of its own (`probe.py`), which may fail or crash.
"""
