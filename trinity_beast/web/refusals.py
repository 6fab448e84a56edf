"""The one place that turns whatever went wrong into an answer."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from trinity_beast.errors import TrinityError
from trinity_beast.log import get_log
from trinity_beast.web.asked import Asked, current
from trinity_beast.web.envelope import PROBLEM_JSON, Detail
from trinity_beast.web.errors import MethodNotAllowed, NotFound, RequestInvalid, RequestTooLarge
from trinity_beast.web.headers import refusal_headers

LOG = get_log("web")
_DETAILS_MAX = 20
_METHODS_MAX = 16


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer any exception a route let out: FastAPI's one handler for all of them."""
    asked = current()
    refusal = refusal_of(error, method=asked.method, path=request.url.path)
    if refusal.code == TrinityError.code:
        LOG.error("request failed", error=error, request_id=asked.request_id, method=asked.method, path=request.url.path)
    return refused(asked, refusal)


def refused(asked: Asked, error: TrinityError, *, status: int | None = None) -> Response:
    """Return the answer to a refusal."""
    given = status or error.status
    response = Response(asked.refused(error, given), status_code=given, media_type=PROBLEM_JSON)
    for name, value in refusal_headers(error):
        response.headers[name] = value
    response.headers["Content-Language"] = asked.words.language_told(asked.accept_language)
    response.headers["Vary"] = "Accept-Language"
    return response


def refusal_of(error: BaseException, *, method: str, path: str) -> TrinityError:
    """Return the refusal that `error` means. One that means nothing we know is INTERNAL, and tells nothing of itself."""
    if isinstance(error, TrinityError):
        return error
    if isinstance(error, RequestValidationError):
        return _unfit(error)
    if isinstance(error, HTTPException):
        # FastAPI wraps whatever happens while it reads a body; what we refused there is beneath.
        return error.__cause__ if isinstance(error.__cause__, TrinityError) else _of_status(error, method, path)
    return TrinityError()


def _of_status(error: HTTPException, method: str, path: str) -> TrinityError:
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound(path=path[:200])
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("Allow", "").split(", ")[:_METHODS_MAX]
            return MethodNotAllowed(method=method[:20], allowed=", ".join([*allowed, "HEAD"] if "GET" in allowed else allowed))
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return RequestTooLarge()
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return RequestInvalid(reason=str(error.detail).rstrip(".").lower())
    return TrinityError()


def _unfit(error: RequestValidationError) -> RequestInvalid:
    found: Sequence[dict[str, object]] = error.errors()
    details = [_detail(each) for each in found[:_DETAILS_MAX]]
    first = details[0]
    return RequestInvalid(reason=f"{first.location}: {first.message.rstrip('.').lower()}", details=details)


def _detail(found: dict[str, object]) -> Detail:
    location = found.get("loc")
    path = ".".join(str(part) for part in location) if isinstance(location, list | tuple) else "request"
    return Detail(path[:200], "REQUEST_INVALID", f"{found.get('msg', 'Not valid')}.", "Correct this part of the request.")
