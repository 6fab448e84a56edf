"""What we ask of every answer beyond what schemathesis asks by itself. Loaded by it, not by us."""

from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

BEYOND_DESCRIPTION: Mapping[str, str] = {
    "GET /admin/exchange-assets": "a cursor is one of ours or none",
    "GET /admin/usage/set-aside": "a cursor is one of ours or none",
    "POST /admin/eam/sync": "an audit or a venue, and not both; a plan where it is to be made",
    "POST /admin/keys/issue": "an end that is no time",
}
"""Operations that may not understand what fits their description, and what it does not say."""


@schemathesis.check
def what_fits_is_understood(_ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Whatever fits the description may be refused for what it says, and never as something that cannot be understood."""
    is_fit = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not is_fit or case.operation.label in BEYOND_DESCRIPTION or _has_whole_floats(case.body):
        return None
    if response.status_code == 400 and response.json()["code"] == "REQUEST_INVALID":
        raise AssertionError(f"it fits its description: {response.json()['errors']}")
    return None


def _has_whole_floats(data: object) -> bool:
    """Whether a number stands there as 5.0: to JSON Schema that is a whole one, to us it is not."""
    if isinstance(data, dict):
        return any(_has_whole_floats(each) for each in data.values())
    if isinstance(data, list):
        return any(_has_whole_floats(each) for each in data)
    return isinstance(data, float) and data.is_integer()


@schemathesis.check
def every_answer_is_named(_ctx: CheckContext, response: Response, _case: Case[Any]) -> bool | None:
    """Every answer bears the name of its request, in its head and in its envelope."""
    name = response.headers["x-request-id"][0]
    if "problem+json" in response.headers.get("content-type", [""])[0] and response.json()["request_id"] != name:
        raise AssertionError(f"{name} is called {response.json()['request_id']} in its envelope")
    return None
