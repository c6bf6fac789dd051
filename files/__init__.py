"""Where files lie and how a name becomes a path: what the server and the worker both know. Standard library and `graph`."""
