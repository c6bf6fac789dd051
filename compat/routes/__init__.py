"""What packs add to ComfyUI's server: routes, functions that see each prompt; and what they read of it.

`compat.shims.server` is the module that packs import. Routes are gathered in `PackApp`, `building` makes applications of
them, one a pack, and whoever runs the process serves these.
"""
