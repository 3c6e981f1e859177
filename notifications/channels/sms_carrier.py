"""What we need of whoever carries text messages, and the carrier of an installation that has none."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class SmsFault(StrEnum):
    """What a refusal means for the sender."""

    TRANSIENT = "transient"
    """Nothing was done; try again."""
    QUOTA = "quota"
    """The day's contingent is used up."""
    RECIPIENT = "recipient"
    """This number can't be reached, or there is no carrier."""
    CONTENT = "content"
    """The text or its values are refused."""
    OWN_CONTENT = "own_content"
    """This text is refused, for its words or for a cause unknown here."""
    UNCLEAR = "unclear"
    """The account, or this one number or text: whether others are accepted tells which."""
    CONFIGURATION = "configuration"
    """Keys, signature or template of the account are wrong."""
    UNKNOWN = "unknown"
    """The request left and no answer came."""


class SmsError(Exception):
    """A text message was not taken; holds neither number nor text."""

    def __init__(self, fault: SmsFault, code: str = "") -> None:
        super().__init__(fault, code)
        self.fault = fault
        self.code = code


class Sms(Protocol):
    """A carrier of text messages."""

    def send(self, *, phone: str, values: Mapping[str, str], reference: str) -> str | None:
        """Send the approved text with `values` ("1", "2", …) to `phone` (E.164); the carrier's number for it.

        `reference` is our own number, which comes back in reports. Raises SmsError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A text message that would have been sent."""

    phone: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    reference: str = ""


class NullSms:
    """No carrier: remembers what it was asked for, and says that nobody can be reached this way."""

    def __init__(self, remembered: int = 1000) -> None:
        self.asked: deque[Asked] = deque(maxlen=remembered)

    def send(self, *, phone: str, values: Mapping[str, str], reference: str) -> str | None:
        """Raises SmsError, so that the next channel is tried."""
        self.asked.append(Asked(phone, dict(values), reference))
        raise SmsError(SmsFault.RECIPIENT, "no_carrier")
