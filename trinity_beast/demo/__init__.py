"""The tour of the API for a newcomer: what is asked, what comes back, and the lines that ask it elsewhere."""

from trinity_beast.demo.stops import Stop, tour

__all__ = ["Stop", "tour"]
