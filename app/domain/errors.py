"""What the business refuses, each with a stable code, an HTTP status and a Chinese sentence that helps.

The web edge turns any of these into an RFC 9457 problem document; nothing else about HTTP is known here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class Refusal(Exception):
    """The request was understood and is refused; nothing has changed."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "无法办理"
    # A refusal that is itself a fact to remember (a counted failed look-up) keeps its transaction.
    keeps_changes: ClassVar[bool] = False
    # After how many seconds the same request may succeed, where that is known.
    retry_after: int | None = None

    def __init__(self, detail: str, **extra: Any) -> None:
        """`detail` is the sentence shown; `extra` are further members of the problem document."""
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra


class NotFoundError(Refusal):
    """The thing does not exist, or the caller may not know that it does."""

    code = "not_found"
    status = 404
    title = "没有找到"

    def __init__(self, detail: str = "没有找到您要的内容，请返回上一页重试。") -> None:
        """The sentence says nothing about whether the thing exists for somebody else."""
        super().__init__(detail)


class NotSignedInError(Refusal):
    """No token, or one that is forged, expired or revoked."""

    code = "not_signed_in"
    status = 401
    title = "请先登录"

    def __init__(self, detail: str = "登录已失效，请重新进入小程序。") -> None:
        """The sentence asks for a fresh login."""
        super().__init__(detail)


class NotAllowedError(Refusal):
    """Signed in, but this is not theirs to do."""

    code = "not_allowed"
    status = 403
    title = "没有权限"

    def __init__(self, detail: str = "您没有办理此项的权限。") -> None:
        """The sentence says who may, where that helps."""
        super().__init__(detail)


class SkillMissingError(Refusal):
    """The work asks for a skill or certificate that this member of staff does not have."""

    code = "skill_missing"
    status = 403
    title = "缺少岗位资格"


class SignatureRefusedError(Refusal):
    """A partner's request that is unsigned, wrongly signed, out of its time window, or a replay."""

    code = "signature_refused"
    status = 401
    title = "签名未通过"


class LoginRefusedError(Refusal):
    """WeChat does not vouch for the code: forged, used, expired, or the user is blocked."""

    code = "login_refused"
    status = 401
    title = "登录未成功"


class PhoneUnknownError(Refusal):
    """A WeChat-verified phone that belongs to no active member of staff."""

    code = "not_staff"
    status = 403
    title = "未登记的手机号"


class WeChatUnavailableError(Refusal):
    """WeChat did not answer or refused for a reason that is not the user's."""

    code = "wechat_unavailable"
    status = 503
    title = "微信服务暂时不可用"


class FieldsError(Refusal):
    """One or more fields are wrong; every fault is listed."""

    code = "invalid_fields"
    title = "填写内容有误"

    def __init__(self, faults: Sequence[Mapping[str, str]], detail: str = "请按提示修改后再提交。") -> None:
        """`faults` are {"field", "code", "message"} each."""
        super().__init__(detail, errors=list(faults))


class ConflictError(Refusal):
    """The state has moved on since the caller looked."""

    code = "conflict"
    status = 409
    title = "内容已更新"


class NotYetError(ConflictError):
    """Something else has to come first, or the time for it has not come."""

    code = "not_yet"
    title = "现在还不能办理"


class ChangedMeanwhileError(ConflictError):
    """Somebody else edited the case since the caller looked; `changes` says who did what, in order."""

    code = "changed_meanwhile"

    def __init__(self, version: int, changes: Sequence[Mapping[str, str]]) -> None:
        """`version` is the present one; `changes` are {"at", "actor", "text"} each."""
        super().__init__(
            "其他同事刚刚更新了这项工单，请查看变化后再操作。", version=version, changes=list(changes)
        )


class AlreadyDoneError(ConflictError):
    """The task, stop or rating was already completed."""

    code = "already_done"
    title = "已经办结"


class StopNotAllowedError(Refusal):
    """The program does not list this reason (附件 1–3 备注)."""

    code = "stop_not_allowed"
    title = "该原因不能暂停计时"


class NotToBeAskedError(Refusal):
    """The program promises that this is never asked of the customer (零跑腿、零资料、零费用, 二(二))."""

    code = "not_to_be_asked"
    title = "不得向客户要求"


class CaseEndedError(ConflictError):
    """The case was withdrawn, refused or closed: it goes no further."""

    code = "case_ended"
    title = "工单已结束"


class DocumentRefusedError(Refusal):
    """A file that can't be taken: its kind, its content, its size, or one too many."""

    code = "document_refused"
    title = "资料未能上传"


class DocumentNotAllowedError(Refusal):
    """Asking the customer for a document beyond the program's number (一(一))."""

    code = "document_not_allowed"
    title = "不得要求提供该资料"


class UnknownProgramError(Refusal):
    """No program of this city has that key, or it can't be applied for yet."""

    code = "unknown_program"
    title = "没有这种业务"


class TooManyAttemptsError(Refusal):
    """Something that is limited for each person or place was done too often."""

    code = "too_many_attempts"
    status = 429
    title = "操作过于频繁"
    keeps_changes = True

    def __init__(self, detail: str, retry_after: int) -> None:
        """`retry_after`: after how many seconds it may be done again."""
        super().__init__(detail)
        self.retry_after = retry_after


class DocumentStoreUnavailableError(Refusal):
    """The document store did not take or hand out a file within the time it is given."""

    code = "store_unavailable"
    status = 503
    title = "资料暂时无法存取"
    retry_after = 30


class LookupFailedError(NotFoundError):
    """Public look-up: the number or the digits are wrong, and which of the two is not said."""

    code = "case_not_found"
    keeps_changes = True


class IdempotencyError(Refusal):
    """The Idempotency-Key is missing, malformed, or was used for another request."""

    code = "idempotency_key"
    title = "请求标识有误"


class ConsentNeededError(Refusal):
    """The privacy text has not been accepted in its present version."""

    code = "consent_needed"
    status = 403
    title = "请先阅读并同意隐私政策"


class NobodyAvailableError(Refusal):
    """No manager can be named: the installation has no active one."""

    code = "no_manager"
    status = 503
    title = "暂时无法指派客户管家"


class NoPriceError(Refusal):
    """The city's price list has no price for what is to be built."""

    code = "no_price"
    title = "清单中没有价格"


class ChoiceNeededError(Refusal):
    """The customer has not been told a sum yet, or has not chosen on the phone."""

    code = "choice_needed"
    title = "客户尚未选择"


class PaperNeededError(Refusal):
    """The paper that belongs to this task is missing, not confirmed, or speaks of something else."""

    code = "paper_needed"
    title = "协议或合同尚未确认"


class PlanAgreementNeededError(Refusal):
    """The customer neither agreed to the water plan as it stands, nor is their refusal recorded."""

    code = "plan_agreement_needed"
    title = "客户尚未确认用水方案"


class PaperChangedError(Refusal):
    """A kept paper is not what it was when it was made; nobody can rely on it any more."""

    code = "paper_changed"
    status = 409
    title = "文件已被改动"


class PurposeNotNeededError(Refusal):
    """The case is at no stage that needs a visit for this purpose."""

    code = "purpose_not_needed"
    title = "目前无需预约"


class SlotTakenError(ConflictError):
    """Nobody is free at that time (any more); `openings` are those that are left."""

    code = "slot_taken"
    title = "该时间已约满"


class HoldExpiredError(Refusal):
    """The hold was not confirmed in time; `openings` are fresh ones."""

    code = "hold_expired"
    status = 410
    title = "保留时间已过"


class CutOffError(ConflictError):
    """Too close to the visit for the customer to move or cancel it alone."""

    code = "past_cut_off"
    title = "已临近约定时间"


class BookedAlreadyError(ConflictError):
    """The case has a live booking for this purpose."""

    code = "booked_already"
    title = "已有预约"
