"""What a route declares that changes something though it is asked by GET."""

from typing import Any

from fastapi import Depends, Request

from trinity_beast.web.asked import current


def changes(*, if_given: str = "") -> Any:
    """Return what such a route declares among its `dependencies`: whoever keeps account of changes accounts for its calls too.

    `if_given` names what a query must give to change something; without it the route only looks.
    """

    async def declared(request: Request) -> None:
        current().changes = not if_given or bool(request.query_params.get(if_given))

    return Depends(declared)
