"""Twilio's refusals. https://www.twilio.com/docs/api/errors"""

from __future__ import annotations

from tracker.stand_ins.wire import Answer, json_answer

NOT_AUTHENTICATED = 20003
NOT_FOUND = 20404
TOO_MANY = 20429
INVALID_TO = 21211
INVALID_FROM = 21212
NO_BODY = 21602
NO_FROM = 21603
NO_TO = 21604
OPTED_OUT = 21610
NO_MOBILE = 21614
TOO_LONG = 21617
INTERNAL = 20500


class TwilioError(Exception):
    """A request that Twilio refuses."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def answer(self) -> Answer:
        """As it goes over the wire."""
        told = {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return json_answer(self.status, told)


def injected(status: int) -> TwilioError:
    """An error of Twilio's own making, told to happen by a test."""
    if status == 429:
        return TwilioError(429, TOO_MANY, "Too Many Requests")
    return TwilioError(status, INTERNAL, "Internal Server Error")
