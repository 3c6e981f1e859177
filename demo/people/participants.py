"""Who stays the same from story to story: everybody at the utility, and the partner platform."""

from typing import Self

from demo.environment.json_client import JsonClient
from demo.environment.simulated_wechat import SimulatedWeChat
from demo.people import fictional_people as people
from demo.people.partner_platform import WebhookReceiver
from demo.people.phone import CustomerPhone, StaffPhone


class Participants:
    """Their phones and servers, for as long as the block lasts; stories on one installation share them."""

    def __init__(self, server: JsonClient, wechat: SimulatedWeChat) -> None:
        self.staff = {member.key: StaffPhone(member, server, wechat) for member in people.staff()}
        self.staff_logged_in = False
        self.webhooks = WebhookReceiver()
        # What `flask partners add` printed for the platform; empty before.
        self.platform_key = ""
        self._server = server
        self._wechat = wechat

    def __enter__(self) -> Self:
        """The platform answers webhooks from now on."""
        self.webhooks.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """The platform answers no more."""
        self.webhooks.__exit__(*error)

    def customer(self, key: str) -> CustomerPhone:
        """The phone of a fictional customer."""
        return CustomerPhone(people.customer(key), self._server, self._wechat)
