"""What the web edge refuses by itself, before any capability is asked."""

from trinity_beast.errors import TrinityError


class RequestInvalid(TrinityError):
    """The request cannot be understood. Fact: `reason`; where several things are wrong, `details` lists them."""

    code, status = "REQUEST_INVALID", 400


class RequestTooLarge(TrinityError):
    """The body is larger than what is read; or, then under 431, the request line and headers are. Fact: `bytes_max`."""

    code, status = "REQUEST_TOO_LARGE", 413


class MethodNotAllowed(TrinityError):
    """The address exists and does not answer this method. Facts: `method`, `allowed`."""

    code, status = "METHOD_NOT_ALLOWED", 405


class NotFound(TrinityError):
    """There is nothing at this address. Fact: `path`."""

    code, status = "NOT_FOUND", 404


class Overloaded(TrinityError):
    """A bounded queue is full, the answer took too long, or the node is stopping. Fact: `retry_after_seconds`."""

    code, status = "OVERLOADED", 503


class RequestTimeout(TrinityError):
    """The caller did not send the request whole in time. Fact: `seconds`."""

    code, status = "REQUEST_TIMEOUT", 408


class NodeNotReached(TrinityError):
    """No node answers where one was asked, as by a command. Fact: `reason`."""

    code, status = "NODE_NOT_REACHED", 503
