"""Speaking to a running lab from another process."""

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trinity_beast.lab.errors import FaultMisspoken, FaultUnknown, LabNotReached, VenueNotPlayed
from trinity_beast.lab.model import ControlAddress
from trinity_beast.lab.ready_file import control_in

ANSWER_WITHIN_SECONDS = 5.0
REFUSALS = {kind.code: kind for kind in (FaultUnknown, FaultMisspoken, VenueNotPlayed)}


def known_lab(ready_file: Path | None, url: str, token: str) -> ControlAddress:
    """Return where the lab takes orders, from the file it wrote or from what was typed.

    Raises:
        LabNotReached: there is neither, or the file is not there any more.
    """
    if ready_file is None:
        if not url:
            raise LabNotReached(reason="say which lab: --lab FILE (from beast lab --ready-file), or --control URL --token TOKEN")
        return ControlAddress(url, token)
    return control_in(ready_file)


def ask(control: ControlAddress, method: str, path: str, body: object = None) -> Any:
    """Send one request and return what it was answered with.

    Raises:
        LabNotReached: nobody answers there, or not to this token.
        FaultUnknown, FaultMisspoken, VenueNotPlayed: the lab refused the order.
    """
    connection = HTTPConnection(urlsplit(control.url).netloc, timeout=ANSWER_WITHIN_SECONDS)
    headers = {"Authorization": f"Bearer {control.token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise LabNotReached(reason=f"{control.url}: {error}") from error
    finally:
        connection.close()
    if answer.status == 401:
        raise LabNotReached(reason=f"{control.url} does not take this token")
    if answer.status >= 400:
        refusal = REFUSALS.get(told.get("code"), LabNotReached)
        raise refusal(**told.get("facts", {}))
    return told
