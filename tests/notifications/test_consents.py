import pytest

from app.core.atomic import atomic
from app.domain.errors import FieldsError
from notifications.outbox import consents
from notifications.outbox.consents import templates_to_ask
from tests.notifications.people import Registry

CUSTOMER = "customer-1"
OPENID = "mini-customer"


def held() -> dict[str, int]:
    return {template.key: template.remaining for template in templates_to_ask(CUSTOMER)}


def report(**accepted: int) -> None:
    with atomic():
        consents.record_accepted(CUSTOMER, accepted)


def event(key: str) -> None:
    with atomic():
        consents.accepted_event(OPENID, key)


def test_at_first_the_three_most_important_are_asked_for(known: Registry) -> None:
    assert [
        (template.key, template.template_id, template.remaining) for template in templates_to_ask(CUSTOMER)
    ] == [
        ("accepted", "SIM-accepted", 0),
        ("progress", "SIM-progress", 0),
        ("water_on", "SIM-water_on", 0),
    ]


def test_what_has_run_out_is_asked_for_before_what_is_held(known: Registry) -> None:
    report(accepted=1, progress=1)

    assert [template.key for template in templates_to_ask(CUSTOMER)] == ["water_on", "clock", "accepted"]


def test_a_page_of_its_own_asks_for_its_template_first(known: Registry) -> None:
    report(accepted=1, visit=1)

    for page in ("visit", "talk"):
        keys = [template.key for template in templates_to_ask(CUSTOMER, page)]
        assert keys == [page, "progress", "water_on"]
    assert "visit" not in [template.key for template in templates_to_ask(CUSTOMER)]


def test_what_is_held_least_is_asked_for_first(known: Registry) -> None:
    report(accepted=1, progress=1, water_on=1, clock=1)
    report(accepted=1, water_on=1)

    assert [template.key for template in templates_to_ask(CUSTOMER)] == ["progress", "clock", "accepted"]


def test_a_tap_that_is_told_by_client_and_wechat_counts_once_in_either_order(known: Registry) -> None:
    report(accepted=1)
    event("accepted")
    event("progress")
    report(progress=1)
    event("water_on")

    assert held() == {"clock": 0, "accepted": 1, "progress": 1}
    assert consents.holders([OPENID, "somebody"], "water_on") == {OPENID}


def test_two_taps_are_two_messages(known: Registry) -> None:
    for _ in range(2):
        report(accepted=1)
        event("accepted")
    with atomic():
        consents.consent_consumed(OPENID, "accepted")

    assert consents.holders([OPENID], "accepted") == {OPENID}
    with atomic():
        consents.consent_consumed(OPENID, "accepted")
    assert consents.holders([OPENID], "accepted") == set()


def test_a_message_more_than_was_consented_to_does_not_count_below_none(known: Registry) -> None:
    report(accepted=1)
    for _ in range(2):
        with atomic():
            consents.consent_consumed(OPENID, "accepted")
    report(accepted=1)

    assert consents.holders([OPENID], "accepted") == {OPENID}


def test_what_was_switched_off_is_gone_and_can_be_given_anew(known: Registry) -> None:
    report(accepted=1)
    with atomic():
        consents.consent_exhausted(OPENID, "accepted")
    assert consents.holders([OPENID], "accepted") == set()

    report(accepted=1)
    event("accepted")
    assert consents.holders([OPENID], "accepted") == {OPENID}


@pytest.mark.parametrize(
    "accepted",
    [{"unknown": 1}, {"staff_task": 1}, {"accepted": 2}, {"accepted": -1}, {"accepted": 1, "x": 0}],
)
def test_a_report_that_can_not_be_is_refused_whole(known: Registry, accepted: dict[str, int]) -> None:
    with pytest.raises(FieldsError), atomic():
        consents.record_accepted(CUSTOMER, accepted)

    assert held() == {"accepted": 0, "progress": 0, "water_on": 0}


def test_a_no_changes_nothing(known: Registry) -> None:
    report(accepted=1)
    report(accepted=0)

    assert consents.holders([OPENID], "accepted") == {OPENID}
