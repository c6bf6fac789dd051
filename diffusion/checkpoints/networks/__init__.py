"""The kinds of networks that families are made of: sizes read from a header, the module of a size, its keys in files."""
