"""Models and mathematics: a library that works without the engine. Importing it loads nothing."""
