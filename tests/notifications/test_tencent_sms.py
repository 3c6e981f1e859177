"""The carrier's SDK, answered for by `responses`: what leaves, and what its codes mean."""

import json
import sys

import pytest
import requests
import responses

from app.core.accounts import SmsAccount
from notifications.channels.sms_carrier import SmsError, SmsFault
from notifications.channels.tencent_sms import TencentSms

URL = "https://sms.tencentcloudapi.com/"
ACCOUNT = SmsAccount("demo-secret-id", "demo-secret-key", "1400000000", "演示水务", "1000001")
PHONE = "+8613800000009"


def answer(code: str) -> dict[str, object]:
    status = {
        "SerialNo": "5000:1",
        "PhoneNumber": PHONE,
        "Fee": 1,
        "Code": code,
        "Message": "",
        "IsoCode": "CN",
    }
    return {"Response": {"SendStatusSet": [status], "RequestId": "r"}}


def refused(code: str) -> dict[str, object]:
    return {"Response": {"Error": {"Code": code, "Message": f"about {PHONE}"}, "RequestId": "r"}}


def send() -> str | None:
    return TencentSms(ACCOUNT).send(
        phone=PHONE, values={"2": "乙", "10": "十", "1": "甲"}, reference="message-1"
    )


@responses.activate
def test_the_approved_text_leaves_with_its_values_in_order() -> None:
    responses.post(URL, json=answer("Ok"))

    assert send() == "5000:1"

    body = json.loads(responses.calls[0].request.body or "")
    assert body["PhoneNumberSet"] == [PHONE]
    assert body["TemplateParamSet"] == ["甲", "乙", "十"]
    assert (body["SignName"], body["TemplateId"], body["SmsSdkAppId"]) == (
        "演示水务",
        "1000001",
        "1400000000",
    )
    assert body["SessionContext"] == "message-1"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (answer("LimitExceeded.PhoneNumberDailyLimit"), SmsFault.RECIPIENT),
        (answer("LimitExceeded.PhoneNumberThirtySecondLimit"), SmsFault.TRANSIENT),
        (answer("FailedOperation.PhoneNumberInBlacklist"), SmsFault.RECIPIENT),
        (answer("FailedOperation.ContainSensitiveWord"), SmsFault.OWN_CONTENT),
        (answer("FailedOperation.TemplateIncorrectOrUnapproved"), SmsFault.UNCLEAR),
        (answer("FailedOperation.InsufficientBalanceInSmsPackage"), SmsFault.CONFIGURATION),
        (answer("Something.New"), SmsFault.OWN_CONTENT),
        (refused("AuthFailure.SignatureFailure"), SmsFault.CONFIGURATION),
        (refused("InternalError.Timeout"), SmsFault.UNKNOWN),
        ({"Response": {"SendStatusSet": [], "RequestId": "r"}}, SmsFault.UNKNOWN),
        ({"Response": {"RequestId": "r"}}, SmsFault.UNKNOWN),
        (refused("LimitExceeded.AppDailyLimit"), SmsFault.QUOTA),
    ],
)
@responses.activate
def test_codes_have_their_meaning(document: dict[str, object], fault: SmsFault) -> None:
    responses.post(URL, json=document)

    with pytest.raises(SmsError) as raised:
        send()

    assert raised.value.fault is fault
    assert PHONE not in str(raised.value)


@responses.activate
def test_a_lost_answer_leaves_the_outcome_unknown() -> None:
    responses.post(URL, body=requests.ReadTimeout(f"about {PHONE}"))

    with pytest.raises(SmsError) as raised:
        send()

    assert raised.value.fault is SmsFault.UNKNOWN
    assert PHONE not in str(raised.value)


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    for name in [name for name in sys.modules if name.startswith("tencentcloud")]:
        del sys.modules[name]
    TencentSms(ACCOUNT)

    assert not [name for name in sys.modules if name.startswith("tencentcloud")]
    assert "demo-secret" not in repr(ACCOUNT)
