"""Says in one line what is wrong in a file of settings: the key, what it got, what is allowed; never a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SECRET_KEYS = {"token", "password"}
_PASSWORD = re.compile(r"//[^/@\s]*@")
_SHOWN_LENGTH_MAX = 120
_TYPES = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "float_parsing": "a number",
    "int_parsing": "a whole number",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "a pair of numbers",
    "finite_number": "a finite number",
}


def explain(error: ValidationError, content: Any, model: type[BaseModel]) -> str:
    """The first fault as `key: got ...; allowed: ...` on one line, without secrets."""
    fault = error.errors(include_url=False)[0]
    context = fault.get("ctx", {})
    within = tuple(context["key"].split(".")) if context.get("key") else ()
    key = key_of(fault["loc"] + within, content)
    if fault["type"] == "setting":
        return f"{key}: {fault['msg']}"
    if fault["type"] == "missing":
        return f"{key}: got nothing; allowed: a value, it is required"
    return f"{key}: got {_shown(fault)}; allowed: {_allowed(fault, model)}"


def key_of(loc: tuple[int | str, ...], content: Any) -> str:
    """`camera[placa].zones[0].points`: lists of tables by id or name where they have one."""
    key = ""
    for step in loc:
        content = _inside(content, step)
        if isinstance(step, int):
            named = content.get("id", content.get("name")) if isinstance(content, dict) else None
            key += f"[{named if isinstance(named, str) else step}]"
        else:
            key += f".{step}" if key else step
    return key or "the file"


def _inside(content: Any, step: int | str) -> Any:
    try:
        return content[step]
    except (KeyError, IndexError, TypeError):
        return None


def _shown(fault: ErrorDetails) -> str:
    if fault["loc"] and fault["loc"][-1] in _SECRET_KEYS:
        return "(a secret)"
    shown = hidden(repr(fault["input"]))
    return shown if len(shown) <= _SHOWN_LENGTH_MAX else f"{shown[:_SHOWN_LENGTH_MAX]}..."


def hidden(text: str) -> str:
    return _PASSWORD.sub("//***@", text)


def _allowed(fault: ErrorDetails, model: type[BaseModel]) -> str:
    context = fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            return f"one of the keys {', '.join(_keys(model, fault['loc'][:-1]))}"
        case "literal_error":
            return str(context["expected"])
        case "string_pattern_mismatch":
            return f"text of the form {context['pattern']}"
        case "value_error":
            return str(context["error"])
        case kind if kind in _TYPES:
            return _TYPES[kind]
        case _:
            return fault["msg"].removeprefix("Input should be ").removeprefix("Value should be ")


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at `loc`."""
    for step in loc:
        if isinstance(step, str) and step in model.model_fields:
            model = _table_of(model.model_fields[step].annotation) or model
    return sorted(model.model_fields)


def _table_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_table_of(inner) for inner in getattr(annotation, "__args__", ()))
    return next((table for table in found if table is not None), None)
