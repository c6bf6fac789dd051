"""All that a schema says of a node as a whole."""

from comfy_api.v0_0_2 import IO, ComfyExtension


class Everything(IO.ComfyNode):
    @classmethod
    def define_schema(cls):
        return IO.Schema(
            node_id="V3 Everything",
            display_name="All of it",
            category="tests/v3/flags",
            inputs=[
                IO.Int.Input("n"),
                IO.DynamicCombo.Input("mode", options=[IO.DynamicCombo.Option("a", [IO.Int.Input("m")])]),
            ],
            outputs=[IO.Int.Output(tooltip="a number"), IO.String.Output("text", is_output_list=True)],
            hidden=[IO.Hidden.unique_id],
            description="Says everything.",
            search_aliases=["all", "whole"],
            is_input_list=True,
            is_output_node=True,
            is_deprecated=True,
            is_experimental=True,
            is_dev_only=True,
            is_api_node=True,
            price_badge=IO.PriceBadge("widgets.n * 2", IO.PriceBadgeDepends(widgets=["n", "mode.m"], inputs=["x"])),
            not_idempotent=True,
            enable_expand=True,
            accept_all_inputs=True,
            essentials_category="Basics/Numbers",
            has_intermediate_output=True,
        )

    @classmethod
    def execute(cls, **inputs):
        return IO.NodeOutput(1, ["a"])


class Least(IO.ComfyNode):
    """As little as a node can say."""

    @classmethod
    def define_schema(cls):
        return IO.Schema("V3 Least")

    @classmethod
    def execute(cls):
        return IO.NodeOutput()


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Everything, Least]


async def comfy_entrypoint():
    return Extension()
