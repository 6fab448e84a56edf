"""One connection's conversation, without the connection: what to send, what was heard, when to give up."""

from trinity_beast.feeds.session.actions import Action, Close, Send
from trinity_beast.feeds.session.session import Heard, Session
from trinity_beast.feeds.session.subscriptions import Standing, Subscription
from trinity_beast.feeds.session.witness import NOTHING, Said

__all__ = ["NOTHING", "Action", "Close", "Heard", "Said", "Send", "Session", "Standing", "Subscription"]
