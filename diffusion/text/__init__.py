"""From prompts to embeddings: CLIP's tokenizer, prompt weights, textual inversion, the text encoder."""
