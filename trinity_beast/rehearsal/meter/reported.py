"""What the reports tell each key of its own use, in every form."""

from collections.abc import Mapping, Sequence

import aiohttp

from trinity_beast.clock import Clock
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.meter.caller import KeyInUse
from trinity_beast.rehearsal.meter.forms import FORMS, listed, summed_up
from trinity_beast.rehearsal.meter.model import Counted

TRIES = 40
AGAIN_SECONDS = 0.5
"""A key that may ask little a second has to wait, and so has everybody while a node is busy."""
ANSWER_SECONDS = 60.0


async def reported(url: str, keys: Sequence[KeyInUse], clock: Clock) -> dict[str, Mapping[int, Counted]]:
    """Return what each report says in each form, by key.

    Raises:
        RehearsalBroken: a report is not told.
        AnswerUnreadable: it is told otherwise than its form has it.
    """
    told: dict[str, Mapping[int, Counted]] = {}
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as session:
        for form in FORMS:
            rows = {key.key_id: listed(form, await _asked(session, "usage", form, key, clock)) for key in keys}
            sums = {key.key_id: summed_up(form, await _asked(session, "summary", form, key, clock)) for key in keys}
            told |= {f"usage.{form}": rows, f"summary.{form}": sums}
    return told


async def _asked(session: aiohttp.ClientSession, report: str, form: str, key: KeyInUse, clock: Clock) -> str:
    query = {"since": "2d", "format": form} | ({"page_size": "all"} if report == "usage" else {})
    said = ""
    for _ in range(TRIES):
        try:
            async with session.get(f"/reports/{report}", params=query, headers={"Authorization": f"Bearer {key.secret}"}) as answer:
                said = await answer.text()
                if answer.status == 200:
                    return said
        except (aiohttp.ClientError, TimeoutError) as error:
            said = repr(error)
        await clock.sleep(AGAIN_SECONDS)
    raise RehearsalBroken(reason=f"no report {report} in {form}: {said[:300]}")
