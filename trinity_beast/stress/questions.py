"""What a target is asked: whole HTTP heads and datagrams, made beforehand."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from trinity_beast.stress.errors import StressPlanInvalid
from trinity_beast.stress.model import Protocol, Target
from trinity_beast.words import Asset

ID_PLACE = "############"
QUESTIONS_MAX = 4_096
DATAGRAM_BYTES_MAX = 1_200
ANSWER_BYTES = 480
"""What an answer by datagram may want: a node answers at most three times what was asked."""


def questions(target: Target, *, keys: Sequence[str], assets: Sequence[Asset], keeps_alive: bool) -> tuple[bytes, ...]:
    """Return what is asked of `target` in turn: every asset with every key.

    Raises:
        StressPlanInvalid: there would be too many or none, or one has characters that no request may have.
    """
    if not target.path and not (keys and assets):
        raise StressPlanInvalid(reason="prices are asked for with a key and an asset")
    asked = [(key, asset) for asset in assets for key in keys or [""]]
    if target.path:
        asked = [(key, Asset("")) for key in keys or [""]]
    if len(asked) > QUESTIONS_MAX:
        raise StressPlanInvalid(reason=f"{len(asked):,} different questions are too many: {QUESTIONS_MAX:,} at most")
    if target.protocol is Protocol.UDP:
        return tuple(_datagram(key, asset) for key, asset in asked)
    return tuple(_head(target, key, asset, keeps_alive=keeps_alive) for key, asset in asked)


def _head(target: Target, key: str, asset: Asset, *, keeps_alive: bool) -> bytes:
    path = target.path or f"/price?asset={quote(asset, safe='')}"
    host = f"[{target.host}]" if ":" in target.host else target.host
    fields = [f"GET {path} HTTP/1.1", f"Host: {host}:{target.port}"]
    fields += [f"Authorization: Bearer {key}"] if key else []
    fields += [] if keeps_alive else ["Connection: close"]
    for field in fields:
        if not (field.isascii() and field.isprintable()):
            raise StressPlanInvalid(reason="a path or a key has characters that no request may have")
    if path.count(" ") or not path.startswith("/"):
        raise StressPlanInvalid(reason=f"{path[:100]!r} is no path")
    return "\r\n".join([*fields, "", ""]).encode()


def _datagram(key: str, asset: Asset) -> bytes:
    question = json.dumps({"key": key, "asset": asset, "id": ID_PLACE}, separators=(",", ":")).encode()
    if len(question) > DATAGRAM_BYTES_MAX or question.count(ID_PLACE.encode()) != 1:
        raise StressPlanInvalid(reason="a key or an asset fits no datagram")
    return question.ljust(-(-ANSWER_BYTES // 3))
