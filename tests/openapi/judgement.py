"""What we ask of every answer beyond what schemathesis asks by itself. Loaded by it, not by us."""

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

TEXTS_THAT_MUST_BE_MORE: frozenset[tuple[str, str]] = frozenset()
"""Operations that refuse as not understood what fits their description, and why nothing shorter than a parser could describe it."""


@schemathesis.check
def what_fits_is_understood(_ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """Whatever fits the description may be refused for what it says, and never as something that cannot be understood."""
    is_fit = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if is_fit and response.status_code == 400 and response.json()["code"] == "REQUEST_INVALID":
        raise AssertionError(f"it fits its description: {response.json()['errors']}")
    return None


@schemathesis.check
def every_answer_is_named(_ctx: CheckContext, response: Response, _case: Case) -> bool | None:
    """Every answer bears the name of its request, in its head and in its envelope."""
    name = response.headers["x-request-id"][0]
    if "problem+json" in response.headers["content-type"][0] and response.json()["request_id"] != name:
        raise AssertionError(f"{name} is called {response.json()['request_id']} in its envelope")
    return None
