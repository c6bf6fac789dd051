"""Hidden inputs: what the host knows, and values of the class's own."""


class Hidden:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"a": ("INT", {"default": 1})},
            "hidden": {
                "prompt": "PROMPT",
                "extra": "EXTRA_PNGINFO",
                "me": "UNIQUE_ID",
                "graph": "DYNPROMPT",
                "token": "AUTH_TOKEN_COMFY_ORG",
                "key": "API_KEY_COMFY_ORG",
                "own": ("STRING", {"default": "?"}),
            },
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, a, prompt, extra, me, graph, token, key, own="not given"):
        node = graph.get_node(me)
        around = (graph.has_node("no"), graph.get_real_node_id(me), graph.get_display_node_id(me))
        return (repr((a, sorted(prompt), extra, me, node["class_type"], node["inputs"], around, token, key, own)),)


class Inside:
    """Puts a node with hidden inputs into a graph."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "hidden": {"me": "UNIQUE_ID"}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, me):
        return {"result": ([f"{me}.x", 0],), "expand": {f"{me}.x": {"class_type": "T Hidden", "inputs": {"a": 5}}}}


NODE_CLASS_MAPPINGS = {"T Hidden": Hidden, "T HiddenInside": Inside}
