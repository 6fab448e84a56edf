"""The pages every app has: what it is, and one for each refusal code."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from trinity_beast.web.asked import Asked, current
from trinity_beast.web.envelope import JSON, problem_page
from trinity_beast.web.errors import NotFound
from trinity_beast.web.words import Spoken

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "code{background:#f1f3f5;padding:.1em .3em;border-radius:3px}a{color:#0b5fff}"
    "@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#14171a}code{background:#24292e}a{color:#7aa7ff}}"
)
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}


def page_routes(*, title: str, about: str, links: tuple[tuple[str, str], ...]) -> APIRouter:
    """Return the routes. `links` are (address, what is there) for the landing page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def landing(request: Request) -> Response:
        asked = current()
        if not _wants_page(request):
            return _data(asked, {"title": title, "about": about, "links": [{"path": path, "about": what} for path, what in links]})
        items = "".join(f'<li><a href="{escape(path)}"><code>{escape(path)}</code></a> {escape(what)}</li>' for path, what in links)
        node = f"{asked.identity.node}, {asked.identity.region}"
        return _page(asked, title, f"<h1>{escape(title)}</h1><p>{escape(about)}</p><ul>{items}</ul><p><small>{escape(node)}</small></p>")

    @router.get("/problems")
    async def problems(request: Request) -> Response:
        asked = current()
        told = [(code, status, asked.words.told(code, accept_language=asked.accept_language)) for code, status in asked.words.codes()]
        if not _wants_page(request):
            return _data(asked, {"problems": [_problem(*each) for each in told]})
        items = "".join(f'<li><a href="{problem_page(code)}"><code>{code}</code></a> {escape(each.title)}</li>' for code, _, each in told)
        return _page(asked, "Problems", f"<h1>Problems</h1><p>Every code an answer may carry.</p><ul>{items}</ul>")

    @router.get("/problems/{code}")
    async def problem(request: Request, code: str) -> Response:
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
