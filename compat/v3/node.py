"""ComfyNode: the class that V3 nodes derive from. Packs that know only V1 find in it what they read of V1 classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from compat.v3.hidden import HiddenHolder
from compat.v3.outputs import NodeOutput
from compat.v3.schema import Schema, shown_name

T = TypeVar("T")
SYNC, ASYNC = "EXECUTE_NORMALIZED", "EXECUTE_NORMALIZED_ASYNC"


class ClassValue(Generic[T]):
    """An attribute of a class that is made when it is read."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make

    def __get__(self, instance: Any, owner: Any) -> T:
        return self._make(owner)


def _of_schema(read: Callable[[Schema], T]) -> ClassValue[T]:
    return ClassValue(lambda cls: read(cls.known_schema()))


class ComfyNode:
    """A node type: `define_schema` says what it is, `execute` does its work. Both are class methods."""

    RELATIVE_PYTHON_MODULE: ClassVar[str | None] = None
    SCHEMA: ClassVar[Schema | None] = None
    hidden: ClassVar[HiddenHolder | None] = None  # during a call: what the schema asked for

    def __init__(self) -> None:
        """Refuse a class that lacks define_schema or execute."""
        type(self).VALIDATE_CLASS()

    @classmethod
    def define_schema(cls) -> Schema:
        """Return what the node is; every node type has its own."""
        raise NotImplementedError

    @classmethod
    def execute(cls, **kwargs: Any) -> Any:
        """Do the work; every node type has its own. It may be async."""
        raise NotImplementedError

    @classmethod
    def validate_inputs(cls, **kwargs: Any) -> Any:
        """Return True, or a sentence that says what is wrong; a node type may have its own."""
        raise NotImplementedError

    @classmethod
    def fingerprint_inputs(cls, **kwargs: Any) -> Any:
        """Return what must be equal for a result to be used again; a node type may have its own."""
        raise NotImplementedError

    @classmethod
    def check_lazy_status(cls, **kwargs: Any) -> list[str]:
        """Return the inputs that are still wanted: here all that are None; a node type may have its own."""
        return [name for name, value in kwargs.items() if value is None]

    @classmethod
    def GET_BASE_CLASS(cls) -> type:
        """Return the class whose methods do not count as a node type's own."""
        return ComfyNode

    @classmethod
    def VALIDATE_CLASS(cls) -> None:
        """Raise an error if define_schema or execute is missing."""
        for name in ("define_schema", "execute"):
            if own_method(cls, name) is None:
                raise TypeError(
                    f"The node class {cls.__name__} has no {name}; every V3 node defines it as a class method."
                )

    @classmethod
    def FINALIZE_SCHEMA(cls) -> Schema:
        """Return a new schema with everything filled in."""
        schema = cls.define_schema()
        schema.finalize()
        return schema

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """Return a new schema that was checked, and keep it as SCHEMA."""
        cls.VALIDATE_CLASS()
        schema = cls.FINALIZE_SCHEMA()
        schema.validate()
        type.__setattr__(cls, "SCHEMA", schema)  # also on a class that is there for one call
        return schema

    @classmethod
    def known_schema(cls) -> Schema:
        """Return the class's own schema, made once."""
        own = cls.__dict__.get("SCHEMA")
        return own if isinstance(own, Schema) else cls.GET_SCHEMA()

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Return the inputs as V1 classes describe them."""
        found: dict[str, Any] = cls.FINALIZE_SCHEMA().get_v1_info(cls).input
        return found

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict[str, Any]:
        """Return the description as object_info has it."""
        return dict(vars(cls.GET_SCHEMA().get_v1_info(cls)))

    @classmethod
    def EXECUTE_NORMALIZED(cls, *args: Any, **kwargs: Any) -> NodeOutput:
        """Do the work and return a NodeOutput, whatever execute returns."""
        return _normal(cls, cls.execute(*args, **kwargs))

    @classmethod
    async def EXECUTE_NORMALIZED_ASYNC(cls, *args: Any, **kwargs: Any) -> NodeOutput:
        """Do the same where execute is async."""
        return _normal(cls, await cls.execute(*args, **kwargs))

    @classmethod
    def PREPARE_CLASS_CLONE(cls, v3_data: Any) -> Any:
        """Return a class for one call, which holds the hidden values."""
        return clone_for_call(cls, HiddenHolder.from_v3_data(v3_data))

    FUNCTION: ClassVar[Any] = ClassValue(lambda cls: ASYNC if inspect.iscoroutinefunction(cls.execute) else SYNC)
    DESCRIPTION: ClassVar[Any] = _of_schema(lambda schema: schema.description)
    CATEGORY: ClassVar[Any] = _of_schema(lambda schema: schema.category)
    EXPERIMENTAL: ClassVar[Any] = _of_schema(lambda schema: schema.is_experimental)
    DEPRECATED: ClassVar[Any] = _of_schema(lambda schema: schema.is_deprecated)
    DEV_ONLY: ClassVar[Any] = _of_schema(lambda schema: schema.is_dev_only)
    API_NODE: ClassVar[Any] = _of_schema(lambda schema: schema.is_api_node)
    OUTPUT_NODE: ClassVar[Any] = _of_schema(lambda schema: schema.is_output_node)
    HAS_INTERMEDIATE_OUTPUT: ClassVar[Any] = _of_schema(lambda schema: schema.has_intermediate_output)
    INPUT_IS_LIST: ClassVar[Any] = _of_schema(lambda schema: schema.is_input_list)
    NOT_IDEMPOTENT: ClassVar[Any] = _of_schema(lambda schema: schema.not_idempotent)
    ACCEPT_ALL_INPUTS: ClassVar[Any] = _of_schema(lambda schema: schema.accept_all_inputs)
    RETURN_TYPES: ClassVar[Any] = _of_schema(lambda schema: [each.io_type for each in schema.outputs])
    RETURN_NAMES: ClassVar[Any] = _of_schema(lambda schema: [shown_name(each) for each in schema.outputs])
    OUTPUT_IS_LIST: ClassVar[Any] = _of_schema(lambda schema: [each.is_output_list for each in schema.outputs])
    OUTPUT_TOOLTIPS: ClassVar[Any] = _of_schema(lambda schema: [each.tooltip or None for each in schema.outputs])


def own_method(cls: Any, name: str, *, base: Any = None) -> Any:
    """Return a class method that a node type or one of its parents has of its own; None if it is ComfyNode's."""
    base = cls.GET_BASE_CLASS() if base is None else base
    for each in cls.__mro__:
        if each is base:
            return None
        if name in each.__dict__:
            return getattr(cls, name)
    return None


def clone_for_call(cls: Any, hidden: HiddenHolder) -> Any:
    """Return a subclass for one call: it holds the hidden values, and nothing can be kept on it by assigning."""
    meta = type(cls)

    def refuse(owner: Any, name: str, value: Any) -> NoReturn:
        raise AttributeError(
            f"{owner.__name__}.{name} cannot be set: the class is there for one call. "
            "Keep values in an object that the class already has, or in the module."
        )

    locked: Any = type("Locked", (meta,), {"__setattr__": refuse})
    return locked(
        f"{cls.__name__}Clone", (cls,), {"hidden": hidden, "SCHEMA": cls.known_schema(), "__module__": cls.__module__}
    )


def _normal(cls: Any, returned: Any) -> NodeOutput:
    if isinstance(returned, NodeOutput):
        output = returned
    elif returned is None:
        output = NodeOutput()
    elif isinstance(returned, tuple):
        output = NodeOutput(*returned)
    elif isinstance(returned, dict):
        output = NodeOutput.from_dict(returned)
    elif hasattr(returned, "message"):  # an ExecutionBlocker
        output = NodeOutput(block_execution=returned.message)
    else:
        raise TypeError(f"{cls.__name__}.execute returned {type(returned).__name__}; return io.NodeOutput(...).")
    if output.expand is not None and not cls.known_schema().enable_expand:
        raise TypeError(f"{cls.__name__} returned a graph to expand; say enable_expand=True in its io.Schema.")
    return output
