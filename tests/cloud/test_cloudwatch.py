"""What our way to CloudWatch promises, against a real stand-in of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from aiohttp import web

from tests.support.ministack import CREDENTIALS, REGION, MiniStackOfATest
from trinity_beast.cloud import FIGURES_MAX, CloudWatch, Figure, Outcome
from trinity_beast.cloud.model import NAME_CHARACTERS_MAX

NAMESPACE = "TrinityBeast/Test"
AT = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)


def session() -> AioSession:
    made = get_session()
    made.set_credentials(*CREDENTIALS.values())
    return made


@asynccontextmanager
async def keeper_at(url: str, *, call_seconds: float = 20.0) -> AsyncIterator[CloudWatch]:
    keeper = CloudWatch(region=REGION, endpoint_url=url, session=session(), call_seconds=call_seconds)
    try:
        yield keeper
    finally:
        await keeper.close()


async def kept(server: MiniStackOfATest, name: str, **dimensions: str) -> list[dict[str, Any]]:
    """What the stand-in tells of a metric, minute by minute."""
    async with session().create_client("cloudwatch", region_name=REGION, endpoint_url=server.url, config=AioConfig()) as client:
        told = await client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": label, "Value": value} for label, value in dimensions.items()],
            StartTime=AT - timedelta(hours=1),
            EndTime=AT + timedelta(hours=1),
            Period=60,
            Statistics=["SampleCount", "Sum", "Minimum", "Maximum", "Average"],
        )
    return list(told["Datapoints"])


def figure(name: str, *, samples: float = 1, total: float = 1, least: float = 1, most: float = 1, **dimensions: str) -> Figure:
    return Figure(name, AT, samples, total, least, most, dimensions=tuple(dimensions.items()))


async def test_figures_are_kept_with_their_statistics_and_their_own_time(ministack: MiniStackOfATest) -> None:
    async with keeper_at(ministack.url) as keeper:
        one, other = (figure("Took", samples=4, total=10, least=least, most=4, Node="one") for least in (1, 0.5))
        assert (await keeper.put(NAMESPACE, [one, other, figure("Took", Node="two")])).outcome is Outcome.TAKEN
    [point] = await kept(ministack, "Took", Node="one")
    assert (point["SampleCount"], point["Sum"], point["Minimum"], point["Maximum"], point["Average"]) == (8, 20, 0.5, 4, 2.5)
    assert point["Timestamp"].astimezone(UTC) == AT


async def test_a_call_takes_a_thousand_figures_of_the_longest_names(ministack: MiniStackOfATest) -> None:
    long = "n" * NAME_CHARACTERS_MAX
    figures = [figure(long, Node=long, Asset=f"{number:04}{long}"[:NAME_CHARACTERS_MAX]) for number in range(FIGURES_MAX)]
    async with keeper_at(ministack.url) as keeper:
        assert (await keeper.put(NAMESPACE, figures)).outcome is Outcome.TAKEN


@pytest.mark.parametrize(("value", "told"), [("Zürich\n", "Z?rich?"), ("  ", "?"), ("", "?"), ("x" * 2_000, "x" * NAME_CHARACTERS_MAX)])
async def test_a_value_cloudwatch_would_refuse_is_told_as_it_takes_it(ministack: MiniStackOfATest, value: str, told: str) -> None:
    name = f"Odd{len(value)}"
    async with keeper_at(ministack.url) as keeper:
        assert (await keeper.put(NAMESPACE, [figure(name, Node=value)])).outcome is Outcome.TAKEN
    assert len(await kept(ministack, name, Node=told)) == 1


async def test_a_cloudwatch_that_is_not_there_has_taken_nothing_and_takes_again_when_it_is_back(own_ministack: MiniStackOfATest) -> None:
    async with keeper_at(own_ministack.url) as keeper:
        assert (await keeper.put(NAMESPACE, [figure("Number")])).outcome is Outcome.TAKEN
        own_ministack.kill()
        # The first call may go out on a line that is dead already: nobody knows of it. The next finds no door.
        puts = [await keeper.put(NAMESPACE, [figure("Number")]) for _ in range(2)]
        assert puts[-1].outcome is Outcome.NOT_TAKEN
        assert puts[-1].reason
        own_ministack.start()
        assert (await keeper.put(NAMESPACE, [figure("Number", total=5, least=5, most=5)])).outcome is Outcome.TAKEN
        assert [point["Sum"] for point in await kept(own_ministack, "Number")] == [5]
        own_ministack.freeze()
        async with keeper_at(own_ministack.url, call_seconds=0.3) as hasty:
            put = await hasty.put(NAMESPACE, [figure("Number")])
        assert (put.outcome, put.reason) == (Outcome.UNKNOWN, "no answer within 0.3 s")
        own_ministack.thaw()


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[str]:
    """An AWS that answers everything with one status and a body that says nothing."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text="<nonsense", headers={"Content-Type": "application/cbor"})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Outcome.NOT_TAKEN), (403, Outcome.NOT_TAKEN), (503, Outcome.NOT_TAKEN), (500, Outcome.UNKNOWN)],
)
async def test_what_is_known_of_a_call_follows_from_its_status(status: int, outcome: Outcome) -> None:
    async with answering(status) as url, keeper_at(url) as keeper:
        assert (await keeper.put(NAMESPACE, [figure("Number")])).outcome is outcome


class NoCredentials:
    """A machine that gives none."""

    async def load_credentials(self) -> None:
        return None


async def test_without_credentials_nothing_is_sent() -> None:
    nobody = get_session()
    nobody.register_component("credential_provider", NoCredentials())
    keeper = CloudWatch(region=REGION, endpoint_url="http://127.0.0.1:9", session=nobody)
    put = await keeper.put(NAMESPACE, [figure("Number")])
    await keeper.close()
    assert put.outcome is Outcome.NOT_TAKEN
    assert "credentials" in put.reason.lower()
