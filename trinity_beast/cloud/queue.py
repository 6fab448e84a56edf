"""A queue of SQS: messages in batches, each call with a bound on its time."""

from collections.abc import Callable, Sequence
from typing import Any

from aiobotocore.session import AioSession

from trinity_beast.cloud.model import CALL_BYTES_MAX, MESSAGES_MAX, Backlog, Received
from trinity_beast.cloud.service import AwsService

LONG_POLL_SECONDS_MAX = 20


class Queue:
    """One queue, by its address. Connects at the first call; `close` ends it.

    Every call is made once: who retries, with what pauses and how often, is for the caller to say.
    """

    def __init__(
        self,
        url: str,
        *,
        region: str,
        endpoint_url: str = "",
        call_seconds: Callable[[], float] = lambda: 3.0,
        session: AioSession | None = None,
    ) -> None:
        """Speak to the queue at `url`, by the credentials of `session`: by default whichever the machine gives.

        `endpoint_url` is where AWS, or its stand-in, answers; empty, by its region.
        """
        self._service = AwsService("sqs", part="queue", region=region, endpoint_url=endpoint_url, session=session)
        self._url, self._call_seconds = url, call_seconds

    async def send(self, bodies: Sequence[str]) -> Sequence[int]:
        """Send messages in one call and return the places of those that were not taken.

        Raises:
            DependencyAway: whether any was taken is not known.
        """
        assert 0 < len(bodies) <= MESSAGES_MAX, "so many go into one call"
        assert sum(len(body) for body in bodies) <= CALL_BYTES_MAX, "so much goes into one call"
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
        told = await self._called("send_message_batch", Entries=entries)
        return [int(failed["Id"]) for failed in told.get("Failed", ())]

    async def receive(self, *, wait_seconds: int, visible_after_seconds: int) -> Sequence[Received]:
        """Wait for messages, and return them as soon as there is one; none once `wait_seconds` have gone by.

        They are given to nobody else for `visible_after_seconds`.

        Raises:
            DependencyAway: the queue does not answer.
        """
        told = await self._called(
            "receive_message",
            seconds=wait_seconds + self._call_seconds(),
            MaxNumberOfMessages=MESSAGES_MAX,
            WaitTimeSeconds=min(wait_seconds, LONG_POLL_SECONDS_MAX),
            VisibilityTimeout=visible_after_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Received(
                message_id=message["MessageId"],
                body=message["Body"],
                handle=message["ReceiptHandle"],
                receipts=int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for message in told.get("Messages", ())
        ]

    async def delete(self, messages: Sequence[Received]) -> Sequence[Received]:
        """Remove messages, up to ten, and return those that could not be: they will be given to somebody again.

        Raises:
            DependencyAway: whether any was removed is not known.
        """
        entries = [{"Id": str(place), "ReceiptHandle": message.handle} for place, message in enumerate(messages)]
        told = await self._called("delete_message_batch", Entries=entries)
        return [messages[int(failed["Id"])] for failed in told.get("Failed", ())]

    async def hold(self, messages: Sequence[Received], *, seconds: int) -> None:
        """Keep messages, up to ten, from others for `seconds` from now; with 0, give them back at once.

        Raises:
            DependencyAway: the queue does not answer.
        """
        entries = [
            {"Id": str(place), "ReceiptHandle": message.handle, "VisibilityTimeout": seconds} for place, message in enumerate(messages)
        ]
        await self._called("change_message_visibility_batch", Entries=entries)

    async def backlog(self) -> Backlog:
        """Return how much the queue holds, as it reckons it.

        Raises:
            DependencyAway: the queue does not answer.
        """
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = await self._called("get_queue_attributes", AttributeNames=names)
        return Backlog(*(int(told.get("Attributes", {}).get(name, 0)) for name in names))

    async def close(self) -> None:
        """End the connections."""
        await self._service.close()

    async def _called(self, operation: str, *, seconds: float = 0.0, **arguments: object) -> dict[str, Any]:
        return await self._service.called(operation, seconds=seconds or self._call_seconds(), QueueUrl=self._url, **arguments)
