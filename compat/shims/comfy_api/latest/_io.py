"""Types, schemas and the base class of nodes."""

from compat.v3 import dynamic, inputs, outputs, plain_types
from compat.v3.dynamic import Autogrow as Autogrow
from compat.v3.dynamic import DynamicCombo as DynamicCombo
from compat.v3.dynamic import DynamicInput as DynamicInput
from compat.v3.dynamic import DynamicOutput as DynamicOutput
from compat.v3.dynamic import DynamicSlot as DynamicSlot
from compat.v3.hidden import Hidden as Hidden
from compat.v3.hidden import HiddenHolder as HiddenHolder
from compat.v3.inputs import ComfyTypeI as ComfyTypeI
from compat.v3.inputs import ComfyTypeIO as ComfyTypeIO
from compat.v3.inputs import Custom as Custom
from compat.v3.inputs import Input as Input
from compat.v3.inputs import Output as Output
from compat.v3.inputs import WidgetInput as WidgetInput
from compat.v3.inputs import comfytype as comfytype
from compat.v3.matching import MatchType as MatchType
from compat.v3.matching import MultiType as MultiType
from compat.v3.node import ComfyNode as ComfyNode
from compat.v3.outputs import NodeOutput as NodeOutput
from compat.v3.panels import *  # noqa: F403
from compat.v3.plain_types import *  # noqa: F403
from compat.v3.replacement import InputMap as InputMap
from compat.v3.replacement import NodeReplace as NodeReplace
from compat.v3.replacement import OutputMap as OutputMap
from compat.v3.schema import NodeInfoV1 as NodeInfoV1
from compat.v3.schema import PriceBadge as PriceBadge
from compat.v3.schema import PriceBadgeDepends as PriceBadgeDepends
from compat.v3.schema import Schema as Schema
from compat.v3.widgets import *  # noqa: F403

_ComfyNodeBaseInternal = ComfyNode
_ComfyType = inputs.ComfyType
_UIOutput = outputs.UIOutput
SVG = plain_types.SVGType
add_to_dict_v1 = dynamic.add_described
create_input_dict_v1 = dynamic.described
V3Data = dict
