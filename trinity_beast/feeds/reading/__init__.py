"""Feed rows at work: from the bytes of a frame to the trades and words it holds."""

from trinity_beast.feeds.reading.compiled import program_of
from trinity_beast.feeds.reading.controls import Ack, Controls, HaltWord, Refusal, Reply, Voucher
from trinity_beast.feeds.reading.frames import Frame, FrameReader

__all__ = ["Ack", "Controls", "Frame", "FrameReader", "HaltWord", "Refusal", "Reply", "Voucher", "program_of"]
