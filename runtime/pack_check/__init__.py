"""What a node pack needs, uses and brings: found in a process of its own, so that a crash or a hang there is only told.

check = check_pack(Path("custom_nodes/rain"))
check.state, check.features, check.lacking  # "loaded", (Feature("V1", "lists", …), …), ()

`apart` starts that process, `child` is what runs in it; `sources` reads the pack's files without importing them.
"""
