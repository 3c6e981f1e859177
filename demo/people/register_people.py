"""Making the fictional people known to a simulator, which remembers nobody when it starts."""

from demo.environment.simulated_wechat import SimulatedWeChat, template_ids_asked_for
from demo.people import fictional_people as people

# More than any sample case needs: the database knows how many were reported, the simulator only refuses.
CONSENTS = 50


def introduce(wechat: SimulatedWeChat) -> None:
    """Let the simulator know every phone, who follows the service account, and who accepts which messages."""
    for person in (*people.staff(), *people.customers()):
        wechat.codes(person.openid, unionid=person.unionid, phone=person.phone)
    for member in people.staff():
        wechat.know_follower(member.service_openid, member.unionid)
    asked_for = template_ids_asked_for()
    for customer in people.customers():
        for template_id in asked_for:
            wechat.consent(customer.openid, template_id, CONSENTS)
