"""The pages every app has: what it is, and one for each refusal code."""

from collections.abc import Mapping
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from trinity_beast.web.asked import Asked, current
from trinity_beast.web.declared import Responses, refusals
from trinity_beast.web.envelope import JSON, problem_page
from trinity_beast.web.errors import NotFound
from trinity_beast.web.words import Spoken


def _object(**fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has all these fields."""
    return {"type": "object", "properties": fields, "required": list(fields)}


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "code{background:#f1f3f5;padding:.1em .3em;border-radius:3px}a{color:#0b5fff}"
    "@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#14171a}code{background:#24292e}a{color:#7aa7ff}}"
)
_TEXT = {"type": "string"}
_PROBLEM = _object(code=_TEXT, status={"type": "integer"}, title=_TEXT, message=_TEXT, fix=_TEXT, type=_TEXT)
_PROBLEMS = _object(problems={"type": "array", "items": _PROBLEM})
_LANDING = _object(title=_TEXT, about=_TEXT, links={"type": "array", "items": _object(path=_TEXT, about=_TEXT)})
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}


def page_routes(*, title: str, about: str, links: tuple[tuple[str, str], ...]) -> APIRouter:
    """Return the routes. `links` are (address, what is there) for the landing page."""
    router = APIRouter(tags=["pages"])

    @router.get("/", responses=_either(_LANDING))
    async def landing(request: Request) -> Response:
        """Say what this port is and where it leads; a page for browsers."""
        asked = current()
        if not _wants_page(request):
            return _data(asked, {"title": title, "about": about, "links": [{"path": path, "about": what} for path, what in links]})
        items = "".join(f'<li><a href="{escape(path)}"><code>{escape(path)}</code></a> {escape(what)}</li>' for path, what in links)
        node = f"{asked.identity.node}, {asked.identity.region}"
        return _page(asked, title, f"<h1>{escape(title)}</h1><p>{escape(about)}</p><ul>{items}</ul><p><small>{escape(node)}</small></p>")

    @router.get("/problems", responses=_either(_PROBLEMS))
    async def problems(request: Request) -> Response:
        """List every code a refusal may bear; a page for browsers."""
        asked = current()
        told = [(code, status, asked.words.told(code, accept_language=asked.accept_language)) for code, status in asked.words.codes()]
        if not _wants_page(request):
            return _data(asked, {"problems": [_problem(*each) for each in told]})
        items = "".join(f'<li><a href="{problem_page(code)}"><code>{code}</code></a> {escape(each.title)}</li>' for code, _, each in told)
        return _page(asked, "Problems", f"<h1>Problems</h1><p>Every code an answer may carry.</p><ul>{items}</ul>")

    @router.get("/problems/{code}", responses={**_either(_PROBLEM), **refusals(NotFound)})
    async def problem(request: Request, code: Annotated[str, Path(description="As `code` and `type` of a refusal have it.")]) -> Response:
        """Explain a code: what it means and what to do about it; a page for browsers."""
        asked = current()
        status = dict(asked.words.codes()).get(code)
        if status is None:
            raise NotFound(path=request.url.path[:200])
        told = asked.words.told(code, accept_language=asked.accept_language)
        if not _wants_page(request):
            return _data(asked, _problem(code, status, told))
        head = f"<h1>{escape(told.title)}</h1><p><code>{code}</code>, HTTP status {status}</p>"
        return _page(
            asked, told.title, f"{head}<p>{escape(told.message)}</p><p>{escape(told.fix)}</p><p><a href='/problems'>All codes</a></p>"
        )

    return router


def _either(data: Mapping[str, Any]) -> Responses:
    """Return what a route declares that answers programs with `data` and browsers with a page."""
    content = {JSON: {"schema": dict(data)}, "text/html": {"schema": {"type": "string"}}}
    return {200: {"description": "The same for a program, or as a page where `Accept` asks for `text/html`.", "content": content}}


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "application/problem+json" not in accept


def _problem(code: str, status: int, told: Spoken) -> dict[str, object]:
    return {"code": code, "status": status, "title": told.title, "message": told.message, "fix": told.fix, "type": problem_page(code)}


def _data(asked: Asked, data: object) -> Response:
    return Response(asked.granted(data), media_type=JSON, headers={"Vary": "Accept, Accept-Language"})


def _page(asked: Asked, title: str, body: str) -> HTMLResponse:
    language = asked.words.language_told(asked.accept_language)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    page = f'<!doctype html><html lang="{language}"><head>{head}</head><body>{body}</body></html>'
    return HTMLResponse(page, headers={**_HEADERS, "Vary": "Accept, Accept-Language", "Content-Language": language})
