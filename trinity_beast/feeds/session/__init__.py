"""One connection's conversation, without the connection: what to send, what was heard, when to give up."""

from trinity_beast.feeds.session.actions import Action, Close, Send
from trinity_beast.feeds.session.session import Heard, Session
from trinity_beast.feeds.session.subscriptions import Standing, Subscription

__all__ = ["Action", "Close", "Heard", "Send", "Session", "Standing", "Subscription"]
