"""The machine: settings, folders, a device and the engine on it; the only room where tensors meet keys and bytes."""
