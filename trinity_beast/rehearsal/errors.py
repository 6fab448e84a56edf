"""What can go wrong with a rehearsal itself."""

from trinity_beast.errors import TrinityError


class AnswerUnreadable(TrinityError):
    """A node answered something that is no answer of ours. Facts: `answer`, its beginning; `reason`."""

    code, status = "ANSWER_UNREADABLE", 502


class RehearsalBroken(TrinityError):
    """The rehearsal could not be carried out, so that nothing is proven either way. Fact: `reason`."""

    code, status = "REHEARSAL_BROKEN", 500


class StatusUntold(TrinityError):
    """The node does not tell how its feeds run. Fact: `reason`."""

    code, status = "STATUS_UNTOLD", 502


class RehearsalUnknown(TrinityError):
    """A fault or a venue was asked for that is not rehearsed. Facts: `asked`, `known`."""

    code, status = "REHEARSAL_UNKNOWN", 400
