"""Keeps what a node answers as what its examples say: `pytest tests/openapi/test_examples.py --record-examples`."""

import json
from typing import Any

import httpx
import msgspec

from tests.openapi.running import told
from trinity_beast.compose.described import FOLDER
from trinity_beast.web import Example

ITEMS_MAX = 2
"""Of a list so many are kept; so many tell how the others look."""
TEXT_CHARACTERS_MAX = 400
NEVER_KEPT = {"secret": "tb_live_WhatIsToldHereIsToldOnceAndKeptByNobody", "confirm": "A1b2C3d4E5f6G7h8I9j0K1"}
"""What no page should hold, though the node it was of is gone, and what stands there instead."""


class Recorder:
    """The examples of one service, with what was heard."""

    def __init__(self, service: str) -> None:
        self._path = FOLDER / f"{service}.json"
        self._heard: list[Example] = []

    def heard(self, example: Example, answer: httpx.Response) -> Example:
        """Return the example with what was answered, where that does not look as it says already."""
        data = data_of(answer)
        if example.status < 400 and answer.status_code == example.status and shape(data) != shape(example.data):
            example = msgspec.structs.replace(example, data=_shortened(data))
        self._heard.append(example)
        return example

    def write(self) -> None:
        """Write the file anew."""
        lines = [json.dumps(_plain(msgspec.to_builtins(each)), ensure_ascii=False, indent=1) for each in self._heard]
        beside = self._path.with_suffix(".new")
        beside.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        beside.replace(self._path)  # At once: other tests read it meanwhile.


def data_of(answer: httpx.Response) -> Any:
    """Return what an answer holds: the envelope's data, or all of it where there is no envelope."""
    if "data" in told(answer):
        return told(answer)["data"]
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text


def shape(data: Any) -> Any:
    """Return what of an answer is the same each time: the names of its fields, or what kind of value it is."""
    return sorted(data) if isinstance(data, dict) else type(data).__name__


def _plain(example: dict[str, Any]) -> dict[str, Any]:
    """Return an example without what goes without saying."""
    usual = {"about": "", "path": {}, "query": {}, "headers": {}, "status": 200, "data": None}
    return {name: value for name, value in example.items() if name not in usual or value != usual[name]}


def _shortened(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: NEVER_KEPT[name] if value and name in NEVER_KEPT else _shortened(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_shortened(each) for each in data[:ITEMS_MAX]]
    return data[:TEXT_CHARACTERS_MAX] if isinstance(data, str) else data
