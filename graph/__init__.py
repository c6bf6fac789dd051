"""The engine: workflows in, decisions and events out. It knows no tensors, no HTTP and no node."""
