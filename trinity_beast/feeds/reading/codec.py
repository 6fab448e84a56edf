"""From the bytes of a WebSocket message to its text and its JSON."""

import zlib
from collections.abc import Callable

import msgspec

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.row import FrameCodec


class FrameRefused(ValueError):
    """A message is too long, or not compressed as its venue's row says."""


Inflate = Callable[[bytes], bytes]


def decoder() -> Callable[[bytes], object]:
    """Return the function that decodes JSON, keeping the literal text of every number that has a fraction or an exponent.

    It raises one of UNREADABLE. Whole numbers of any length are exact.
    """
    return msgspec.json.Decoder(float_hook=Number).decode


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def inflater(codec: FrameCodec, bytes_max: int) -> Inflate:
    """Return the function that makes the text of a binary frame. It raises FrameRefused.

    Nothing beyond `bytes_max` is ever inflated, whatever the compressed bytes promise.
    """
    if codec is FrameCodec.TEXT:
        return bytes
    widths = (31,) if codec is FrameCodec.GZIP else (-zlib.MAX_WBITS, zlib.MAX_WBITS)  # "deflate" is raw to some, zlib's to others.

    def inflate(payload: bytes) -> bytes:
        for width in widths:
            try:
                return _inflated(payload, width, bytes_max)
            except zlib.error:
                continue
        raise FrameRefused("not compressed as the row says")

    return inflate


def _inflated(payload: bytes, width: int, bytes_max: int) -> bytes:
    stream = zlib.decompressobj(width)
    text = stream.decompress(payload, bytes_max)
    if stream.unconsumed_tail:
        raise FrameRefused("too long once inflated")
    if not stream.eof and width > 0:
        raise FrameRefused("cut short")
    return text
