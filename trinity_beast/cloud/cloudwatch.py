"""CloudWatch: figures in, a call at a time, each with a bound on its time."""

from collections.abc import Sequence
from typing import Any

from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from trinity_beast.cloud.model import FIGURES_MAX, NAME_CHARACTERS_MAX, Figure, Outcome, Put
from trinity_beast.cloud.service import AwsService
from trinity_beast.storage import DependencyAway

CALL_SECONDS = 10.0
_REFUSED_BELOW, _THROTTLED = 500, 503


class CloudWatch:
    """The keeper of metrics of an AWS account. Connects at the first call; `close` ends it."""

    def __init__(
        self, *, region: str, endpoint_url: str = "", session: AioSession | None = None, call_seconds: float = CALL_SECONDS
    ) -> None:
        """Speak to it as `AwsService` does."""
        self._service = AwsService("cloudwatch", part="cloudwatch", region=region, endpoint_url=endpoint_url, session=session)
        self._call_seconds = call_seconds

    async def put(self, namespace: str, figures: Sequence[Figure]) -> Put:
        """Give figures, up to a thousand, in one call, and tell what became of them. The call is made once."""
        assert 0 < len(figures) <= FIGURES_MAX, "so many go into one call"
        data = [_datum(figure) for figure in figures]
        try:
            await self._service.called("put_metric_data", seconds=self._call_seconds, Namespace=namespace, MetricData=data)
        except DependencyAway as away:
            return Put(_outcome(away.__cause__), str(away.facts["reason"]))
        return Put(Outcome.TAKEN)

    async def close(self) -> None:
        """End the connections."""
        await self._service.close()


def _datum(figure: Figure) -> dict[str, Any]:
    return {
        "MetricName": figure.name,
        "Timestamp": figure.at,
        "Unit": figure.unit,
        "Dimensions": [{"Name": name, "Value": _plain(value)} for name, value in figure.dimensions],
        "StatisticValues": {
            "SampleCount": float(figure.samples),
            "Sum": float(figure.total),
            "Minimum": float(figure.least),
            "Maximum": float(figure.most),
        },
    }


def _plain(value: str) -> str:
    """Return a dimension's value as CloudWatch takes it: printable ASCII, and never blank."""
    return "".join(one if " " <= one <= "~" else "?" for one in value[:NAME_CHARACTERS_MAX]).strip() or "?"


def _outcome(cause: BaseException | None) -> Outcome:
    """Return what is known of a call that failed. A fault within CloudWatch may have come after it had taken everything."""
    if isinstance(cause, ClientError):
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _REFUSED_BELOW)
        return Outcome.NOT_TAKEN if status < _REFUSED_BELOW or status == _THROTTLED else Outcome.UNKNOWN
    # Without credentials or a connection nothing is sent; whatever goes wrong on an open line may do so after sending.
    is_before_sending = isinstance(cause, BotoCoreError) and not isinstance(cause, HTTPClientError)
    return Outcome.NOT_TAKEN if is_before_sending else Outcome.UNKNOWN
