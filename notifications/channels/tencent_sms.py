"""Text messages through Tencent Cloud (腾讯云短信), by its SDK, which is an optional extra of this product.

Source: Tencent Cloud's documentation of SendSms (2021-01-11): the codes of `SendStatusSet[].Code`, and those
of the request as a whole. The SDK is imported when the first text message is sent, so that whoever has no
contract needs none of it.
"""

import logging
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from app.core.accounts import SmsAccount
from notifications.channels.sms_carrier import SmsError, SmsFault

TIMEOUT_SECONDS = 8
REGION = "ap-guangzhou"

_OK = "Ok"
_NO_CONNECTION = "ClientNetworkError"

# By the beginning of the code: the SDK's codes are dotted, from the general to the particular.
_FAULTS: Mapping[str, SmsFault] = MappingProxyType(
    {
        "LimitExceeded.PhoneNumberDailyLimit": SmsFault.RECIPIENT,
        "LimitExceeded.PhoneNumberOneHourLimit": SmsFault.TRANSIENT,
        "LimitExceeded.PhoneNumberThirtySecondLimit": SmsFault.TRANSIENT,
        "LimitExceeded.PhoneNumberSameContentDailyLimit": SmsFault.RECIPIENT,
        "LimitExceeded.AppDailyLimit": SmsFault.QUOTA,
        "LimitExceeded.DailyLimit": SmsFault.QUOTA,
        "LimitExceeded.DeliveryFrequencyLimit": SmsFault.TRANSIENT,
        "RequestLimitExceeded": SmsFault.TRANSIENT,
        "InternalError.RequestTimeException": SmsFault.TRANSIENT,
        # A time-out within the carrier, for one: the text may be on its way.
        "InternalError": SmsFault.UNKNOWN,
        "InvalidParameterValue.IncorrectPhoneNumber": SmsFault.RECIPIENT,
        "FailedOperation.PhoneNumberInBlacklist": SmsFault.RECIPIENT,
        "FailedOperation.ContainSensitiveWord": SmsFault.OWN_CONTENT,
        "InvalidParameterValue.TemplateParameterFormatError": SmsFault.CONTENT,
        "InvalidParameterValue.TemplateParameterLengthLimit": SmsFault.CONTENT,
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": SmsFault.CONTENT,
        "AuthFailure": SmsFault.CONFIGURATION,
        "UnauthorizedOperation": SmsFault.CONFIGURATION,
        "FailedOperation.InsufficientBalanceInSmsPackage": SmsFault.CONFIGURATION,
        "FailedOperation.SignatureIncorrectOrUnapproved": SmsFault.UNCLEAR,
        # Also said of a text that does not match (模板未审批或内容不匹配).
        "FailedOperation.TemplateIncorrectOrUnapproved": SmsFault.UNCLEAR,
        "FailedOperation.MissingTemplateToModify": SmsFault.CONFIGURATION,
        "FailedOperation.MissingSignature": SmsFault.CONFIGURATION,
        "InvalidParameterValue.SdkAppIdNotExist": SmsFault.CONFIGURATION,
    }
)


class TencentSms:
    """The carrier (port: `notifications.channels.sms_carrier.Sms`). Thread-safe; one for each process."""

    def __init__(self, account: SmsAccount) -> None:
        self._account = account

    def send(self, *, phone: str, values: Mapping[str, str], reference: str) -> str | None:
        """Send the approved text to one phone; see the port."""
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
        from tencentcloud.sms.v20210111 import models

        request = models.SendSmsRequest()
        request.SmsSdkAppId = self._account.app_id
        request.SignName = self._account.sign_name
        request.TemplateId = self._account.template_id
        request.PhoneNumberSet = [phone]
        request.TemplateParamSet = [values[place] for place in sorted(values, key=int)]
        request.SessionContext = reference
        code = ""
        try:
            answer = self._client.SendSms(request)
        except TencentCloudSDKException as error:
            # Its text may quote the request, phone included: only the code goes on.
            code = str(error.code or "")
        else:
            # An answer without a status neither confirms nor refuses.
            status = answer.SendStatusSet[0] if answer.SendStatusSet else None
            if status is not None and status.Code == _OK:
                return str(status.SerialNo) if status.SerialNo else None
            code = str(status.Code or "") if status is not None else ""
        raise SmsError(_fault(code), code)

    @cached_property
    def _client(self) -> Any:
        from tencentcloud.common import credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.sms.v20210111 import sms_client

        # Its debug log quotes whole requests.
        logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)
        keys = credential.Credential(self._account.secret_id, self._account.secret_key)
        profile = ClientProfile(httpProfile=HttpProfile(reqTimeout=TIMEOUT_SECONDS, keepAlive=True))
        return sms_client.SmsClient(keys, REGION, profile)


def _fault(code: str) -> SmsFault:
    if code == _NO_CONNECTION or not code:
        # The SDK does not say whether the request had left.
        return SmsFault.UNKNOWN
    for beginning, fault in _FAULTS.items():
        if code.startswith(beginning):
            return fault
    return SmsFault.OWN_CONTENT
