"""What every message has: who reads it, how it reaches a phone, what it is about.

The kinds of messages are the tables of the city's messages.toml. `notifications.handlers.table` says which
event is told by which of them.
"""

from enum import StrEnum


class Audience(StrEnum):
    """Who reads a message."""

    CUSTOMER = "customer"
    STAFF = "staff"


class Channel(StrEnum):
    """How a message reaches a phone; the notice in the app is no channel, it is always written."""

    SUBSCRIBE = "subscribe"
    """Subscribe message (订阅消息) of the mini-program; uses up one consent of that person."""
    TEMPLATE = "template"
    """Template message (模板消息) of the 服务号, for those who follow it."""
    WECOM = "wecom"
    """Text card of the utility's application in 企业微信 (WeCom), for staff."""
    SMS = "sms"
    """Text message to the customer's verified phone."""
    CALL = "call"
    """No message at all: the manager gets the task of calling, unless the notice is read in the app first."""
    DIGEST = "digest"
    """No message of its own: told with others in one message each working morning, to staff."""


class Subject(StrEnum):
    """What a message is about, which decides the values its text may use."""

    CASE = "case"
    STAGE = "stage"
    STOP = "stop"
    TASK = "task"
    RATING = "rating"
    PROMISE = "promise"
    TURN = "turn"
    DUE = "due"
    VISIT = "visit"
    TALK = "talk"
    CHASE = "chase"
    DELIVERY = "delivery"
    SKILL = "skill"
    DEPARTURE = "departure"
    DIGEST = "digest"
    TERMS = "terms"
