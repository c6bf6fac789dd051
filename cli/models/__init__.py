"""`weft models list|show|hash|get`: the files of models that there are, what each is, and new ones."""
