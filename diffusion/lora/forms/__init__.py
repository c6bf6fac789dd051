"""The spellings of changes in LoRA files: a module a form, each with its endings of keys and a function that reads them."""
