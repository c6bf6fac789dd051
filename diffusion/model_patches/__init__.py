"""The patches of guidance and of the network's inside that there are: a module each (see diffusion.patches)."""
