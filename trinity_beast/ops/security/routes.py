"""Who is turned away, over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.ops.security.service import Security, Standing, Stored
from trinity_beast.web import refusals, timestamp_of


class WrongKeysTold(BaseModel):
    """An address that was wrong about keys within the window."""

    network: str
    over: str = Field(description="`http`, or `udp`, where the sender may be forged.")
    wrong_keys: int = Field(description="How many different ones, as far as they are told apart.")
    paused_seconds: float = Field(description="For how long no unknown key of it is looked up; 0: it may ask.")


class GuessesTold(BaseModel):
    """Who sent wrong admin keys within the window."""

    network: str
    wrong_keys: int
    since_seconds: float
    is_shut_out: bool


class BlockedTold(BaseModel):
    """A network nobody is answered at."""

    network: str
    reason: str
    blocked_by: str
    blocked_at: str
    expires_at: str | None


class LeakedTold(BaseModel):
    """A key that was found where it should not be."""

    public_id: str
    reported_at: str
    reporter: str
    url: str
    action: str


class CensusTold(BaseModel):
    """How old the customers' keys are, and how many want a look."""

    live: int
    ended: int
    leaked: int
    idle: int = Field(description="Not used for 90 days.")
    ending: int = Field(description="They end within 30 days.")
    oldest_at: str | None


class SecretTold(BaseModel):
    """A secret of the node: since when it is what it is; null where it is given from outside."""

    secret: str
    since: str | None
    days: int | None


class CertificateTold(BaseModel):
    """A file of certificates the node stands on."""

    certificate: str
    standing: str = Field(description="`good`, `weak` (it ends soon) or `wrong`.")
    told: str
    fix: str


class SecurityTold(BaseModel):
    """Everything this node knows of those who should not come in. `blocks`, `leaks` and `keys` are null while the database is away."""

    at: str
    wrong_keys: list[WrongKeysTold]
    admin_guesses: list[GuessesTold]
    admin_turned_away: dict[str, int] = Field(description="Calls refused since the start: key `missing`, `wrong`, or `shut_out`.")
    refused: dict[str, int] = Field(description="Counters of whoever else was turned away.")
    blocks: list[BlockedTold] | None
    leaks: list[LeakedTold] | None
    keys: CensusTold | None
    secrets: list[SecretTold]
    certificates: list[CertificateTold]


def security_routes(security: Security, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the route. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["operations"])

    @router.get("/security", responses=refusals(*ADMIN_REFUSALS))
    async def security_standing(_who: Annotated[Operator, Depends(operator)]) -> SecurityTold:
        """Tell who guesses at keys, who is blocked, what leaked, which admin calls were refused, how old secrets and keys are."""
        return _told(await security.look())

    return router


def _told(found: Standing) -> SecurityTold:
    blocks, leaks, keys = _stored(found.stored)
    return SecurityTold(
        at=timestamp_of(found.at),
        wrong_keys=[
            WrongKeysTold(network=network, over=over, wrong_keys=wrong, paused_seconds=round(paused, 3))
            for network, over, wrong, paused in found.wrong_keys
        ],
        admin_guesses=[
            GuessesTold(network=one.network, wrong_keys=one.wrong, since_seconds=round(one.since_seconds, 3), is_shut_out=one.is_shut_out)
            for one in found.guesses
        ],
        admin_turned_away=dict(found.admin_turned_away),
        refused=dict(found.refused),
        blocks=blocks,
        leaks=leaks,
        keys=keys,
        secrets=[
            SecretTold(secret=name, since=_moment(since), days=(found.at - since).days if since else None)
            for name, since in found.secrets.items()
        ],
        certificates=[
            CertificateTold(certificate=one.check.removeprefix("certificate "), standing=one.standing.value, told=one.found, fix=one.fix)
            for one in found.certificates
        ],
    )


def _stored(stored: Stored | None) -> tuple[list[BlockedTold] | None, list[LeakedTold] | None, CensusTold | None]:
    if stored is None:
        return None, None, None
    blocks = [
        BlockedTold(
            network=str(one.network),
            reason=one.reason,
            blocked_by=one.blocked_by,
            blocked_at=timestamp_of(one.blocked_at),
            expires_at=_moment(one.expires_at),
        )
        for one in stored.blocks
    ]
    leaks = [
        LeakedTold(
            public_id=one.public_id, reported_at=timestamp_of(one.reported_at), reporter=one.reporter, url=one.url, action=one.action
        )
        for one in stored.leaks
    ]
    census = stored.keys
    keys = CensusTold(
        live=census.live,
        ended=census.ended,
        leaked=census.leaked,
        idle=census.idle,
        ending=census.ending,
        oldest_at=_moment(census.oldest_at),
    )
    return blocks, leaks, keys


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp_of(moment)
