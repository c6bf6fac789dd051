"""The families of models; each module here is one, as a constant FAMILY."""
