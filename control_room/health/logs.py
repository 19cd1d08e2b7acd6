"""The log: lines for people, or JSON for machines; in neither what says who somebody is.

Who did what stands in the audit, which has its own readers. Code logs ids, counts and causes; what a library adds on
its own (a traceback's values, an address in an error) is taken out here.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal, TextIO

Format = Literal["text", "json"]

_SECRETS = (
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@", re.IGNORECASE), r"\1***@"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s'\",;]+", re.IGNORECASE), r"\1 ***"),
    (
        re.compile(
            r"(?i)\b((?:password|passwd|secret|token|csrf_token|talaia_session|cookie)\"?'?\s*[=:]\s*)[^\s,;&]+"
        ),
        r"\1***",
    ),
    (re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b"), "<mail>"),
    (re.compile(r"(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), "<address>"),
    (re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])"), "<address>"),
    (re.compile(r"(?<![\w.])-?\d{1,3}\.\d{4,}(?![\w.])"), "<number>"),
    (re.compile(r"(?s)\bDETAIL:.*|\bCONTEXT:.*|\bKey \(.*"), "<row>"),
    (re.compile(r"input_value=.*?(?=, input_type|\]|$)"), "input_value=***"),
)
"""Secrets; addresses of people and machines; places (four decimals and more); what PostgreSQL quotes of a row."""


def without_personal_data(text: str) -> str:
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {record.levelname} {_message(record)}" + _fault(record)


class _Json(logging.Formatter):
    """One object a line: at, level, logger, message, and of a fault its kind and where."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        fault = _fault(record)
        return json.dumps(said | ({"fault": fault.strip()} if fault else {}), ensure_ascii=False)


def start(form: Format, output: TextIO | None = None) -> None:
    """From now on everything that this process logs goes to `output`, standard error by default."""
    handler = logging.StreamHandler(sys.stderr if output is None else output)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _message(record: logging.LogRecord) -> str:
    return without_personal_data(record.getMessage().replace("\n", " "))


def _fault(record: logging.LogRecord) -> str:
    """Kind and places of an exception; never its words, which may quote what somebody typed."""
    if record.exc_info is None or record.exc_info[1] is None:
        return ""
    error = record.exc_info[1]
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return "\n" + "\n".join([type(error).__name__, *lines])
