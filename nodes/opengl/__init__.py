"""Fragment shaders on this machine's OpenGL ES 3, without a window and without a binding: through ctypes."""
