"""What stands in a field is what WeChat takes, and never another value than the one it stands for."""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.wechat import fieldlimits
from notifications.handlers.message_values import MessageValues
from notifications.wording import fieldtypes
from notifications.wording.catalog import Catalog
from notifications.wording.fieldtypes import UnfitValueError
from tests.notifications.people import CASE, NOW

TEXTS = st.text(st.characters(codec=None, categories=None), max_size=60) | st.text(
    st.sampled_from("张三Abc 1234567890年月日:-.+()~￥元，,'转…〇𬱖\u0000\u200b\ud83d😀𠮷\n\t"), max_size=60
)
MOMENTS = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%d %H:%M"))
FIGURES = r"[¥+-]?[0-9][0-9 ,.:/~-]{0,20}(元|转[0-9]{1,4})?"
WORDS_OF_NOTHING = {"—", "已更新", "见小程序", "-"}


def fitted_or_none(field: str, text: str) -> str | None:
    """What stands in the field; None when the value is refused or only a neutral word is left."""
    try:
        found = fieldtypes.fit(field, text)
    except UnfitValueError:
        return None
    return None if found in WORDS_OF_NOTHING else found


@pytest.mark.parametrize("kind", fieldtypes.FIELD_TYPES)
@given(text=TEXTS | MOMENTS)
def test_whatever_is_fitted_is_what_wechat_takes(kind: str, text: str) -> None:
    try:
        fitted = fieldtypes.fit(f"{kind}1", text)
    except UnfitValueError:
        return

    assert fieldlimits.fault(f"{kind}1", fitted) is None


@pytest.mark.parametrize("kind", fieldtypes.FIELD_TYPES)
@given(text=TEXTS)
def test_what_fits_is_left_as_it_is(kind: str, text: str) -> None:
    try:
        fitted = fieldtypes.fit(f"{kind}1", text)
    except UnfitValueError:
        return

    assert fieldtypes.fit(f"{kind}1", fitted) == fitted


@pytest.mark.parametrize("kind", ["number", "amount", "phone_number", "character_string", "time", "date"])
@given(
    text=TEXTS | MOMENTS | st.from_regex(r"[¥+-]?[0-9][0-9 ,.:/~-]{0,20}(元|转[0-9]{1,4})?", fullmatch=True)
)
@example("2026-11-24 17:00~18:00")
@example("1,234,567.8")
@example("0531-88887777转12")
def test_no_digit_is_lost_or_joined_to_another_number(kind: str, text: str) -> None:
    """The digits of what is shown are those of the value, in their order, but for a cut that shows."""
    fitted = fitted_or_none(f"{kind}1", text)
    if fitted is None or fitted.endswith("..."):
        return
    narrow = unicodedata.normalize("NFKC", text)
    if kind in {"time", "date"}:
        # Leading zeros are added: 9:05 is 09:05.
        numbers = [int(each) for each in re.findall("[0-9]+", narrow)]
        assert [int(each) for each in re.findall("[0-9]+", fitted)] == numbers
        return
    assert re.sub("[^0-9]", "", fitted) == re.sub("[^0-9]", "", narrow)
    if kind in {"number", "amount"}:
        # A point stays where it was.
        assert ("." in fitted) == (re.search(r"[0-9]\.[0-9]", narrow) is not None)


@given(st.decimals(min_value=0, max_value=9_999_999_999, places=2))
def test_an_amount_with_separators_is_the_same_amount(amount: object) -> None:
    assert fieldtypes.fit("amount1", f"¥{amount:,.2f}元") == f"¥{amount:.2f}元"


@given(st.datetimes().filter(lambda at: at.year >= 1000))
def test_a_time_is_the_same_time_in_every_spelling(at: datetime) -> None:
    day, clock = f"{at.year}-{at.month:02}-{at.day:02}", f"{at.hour:02}:{at.minute:02}"
    for spelling in (f"{at.year}年{at.month}月{at.day}日", f"{at.year}/{at.month}/{at.day}", day):
        said = f"{spelling} {at.hour}:{at.minute:02}"
        assert fieldtypes.fit("time1", said) == f"{day} {clock}"
        assert fieldtypes.fit("date1", said) == f"{day} {clock}"
        assert fieldtypes.fit("date1", spelling) == day
    assert fieldtypes.fit("time1", f"{at.hour}:{at.minute:02}") == clock


COMMON_HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
HAN = COMMON_HAN | st.sampled_from("〇𬱖𠮷㐂\U0002ebf0\U000323af")


@given(st.text(HAN, min_size=1, max_size=5))
def test_a_chinese_name_stays_whole(name: str) -> None:
    assert fieldtypes.fit("name1", name) == name


@given(st.text(HAN | st.sampled_from("Ab1②é\ue000\ud842·.- '’🙂\u0301\ufe00"), min_size=1, max_size=30))
def test_a_name_is_never_another_name(name: str) -> None:
    fitted = fitted_or_none("name1", name)
    if fitted is None:
        return
    # Nothing but emoji, variation selectors and blanks may be missing; a cut shows.
    letters = [sign for sign in name if unicodedata.category(sign)[0] in "LNMC" and sign != "\ufe00"]
    shown = [sign for sign in fitted if unicodedata.category(sign)[0] in "LNMC"]
    assert shown == letters or (fitted.endswith("..") and shown == letters[: len(shown)])


@given(TEXTS)
def test_a_thing_is_the_whole_text_or_a_beginning_that_shows_its_cut(text: str) -> None:
    whole = fieldtypes.plain(text)
    fitted = fieldtypes.fit("thing1", text)
    assert fitted in {whole, "—"} or (fitted.endswith("…") and whole.startswith(fitted[:-1]))


@pytest.mark.parametrize(
    ("field", "text", "fitted"),
    [
        ("thing1", "历下区演示路100号演示科技有限公司生产厂房", "历下区演示路100号演示科技有限公司生…"),
        ("thing1", "正好二十个字正好二十个字正好二十个字正好", "正好二十个字正好二十个字正好二十个字正好"),
        ("thing1", "第一行\n第二行\u202e", "第一行 第二行"),
        ("thing1", "\u0000 ", "—"),
        ("thing1", "😀" * 15, "😀" * 9 + "…"),
        ("thing1", "正好二十个字正好二十个字正好二十字👍🏽家", "正好二十个字正好二十个字正好二十字…"),
        ("thing1", "李\ue000", "李?"),
        ("phrase2", "已暂停（备款）", "已暂停备款"),
        ("phrase2", "paused", "已更新"),
        ("phrase2", "第2次", "已更新"),
        ("phrase2", "不可以再办理", "已更新"),
        ("name3", "欧阳演示·买买提江阿不都拉", "欧阳演示·买买提.."),
        ("name3", "Alexandria Demonstration", "Alexandria Demonst.."),
        ("name3", "李🙂雷", "李雷"),
        ("name3", "李𬱖", "李𬱖"),
        ("name3", "张〇", "张〇"),
        ("name3", "O’Brien", "O'Brien"),
        ("name3", "王2", "见小程序"),
        ("name3", "李\ue000", "见小程序"),
        ("name3", "", "见小程序"),
        ("phone_number4", "13800000001", "13800000001"),
        ("phone_number4", "０５３１-８８８８０００１", "0531-88880001"),
        ("phone_number4", "0531-88880001转12", "0531-88880001-12"),
        ("phone_number4", "+86-531-8888-0001-12", "+8653188880001-12"),
        ("character_string5", "JN 2026/0001", "JN2026/0001"),
        ("character_string5", "编号", "-"),
        ("character_string5", "鲁JN-1", "-"),
        ("character_string5", "x" * 40, "x" * 29 + "..."),
        ("time6", "2026-11-24 17:00", "2026-11-24 17:00"),
        ("time6", "9:05", "09:05"),
        ("time6", "9：05", "09:05"),
        ("time6", "2026年1月4日 8:30～9:30", "2026-01-04 08:30~09:30"),
        ("date6", "2026年1月4日 08:30", "2026-01-04 08:30"),
        ("number7", "第12次", "12"),
        ("number7", "12,345", "12345"),
        ("amount8", "1234.50", "1234.50"),
        ("amount8", "¥3,860.00元", "¥3860.00元"),
        ("amount8", "￥３，８６０．００", "¥3860.00"),
        ("amount8", "1 234 567元", "1234567元"),
        ("car_number1", "鲁A00000", "鲁A00000"),
    ],
)
def test_values_are_fitted_sensibly(field: str, text: str, fitted: str) -> None:
    assert fieldtypes.fit(field, text) == fitted


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("time6", "2026-02-30 17:00"),
        ("time6", "24:00"),
        ("time6", "下午3:05"),
        ("time6", "2026-11-24"),
        ("date6", "明天"),
        ("number7", "12.345.6"),
        ("number7", "3至5"),
        ("number7", "-5"),
        ("number7", "3万"),
        ("number7", "1,5"),
        ("amount8", "3860万元"),
        ("amount8", "-5元"),
        ("amount8", "3860美元"),
        ("amount8", "12345678901"),
        ("amount8", "1.234"),
        ("amount8", "免费"),
        ("phone_number4", "13800000001或13900000002"),
        ("phone_number4", "请致电"),
        ("phone_number4", "123456789012345678"),
        ("car_number1", "鲁A0000"),
    ],
)
def test_a_value_that_would_become_another_is_refused(field: str, text: str) -> None:
    with pytest.raises(UnfitValueError) as refused:
        fieldtypes.fit(field, text)
    assert text not in str(refused.value)


def test_a_type_that_is_not_filled_here_is_refused() -> None:
    with pytest.raises(KeyError):
        fieldtypes.fit("enum1", "甲")


def test_a_message_whose_value_does_not_fit_takes_another_channel(
    jinan: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    said = MessageValues(jinan.wording, ZoneInfo("Asia/Shanghai"), NOW)
    values = said.of_case(CASE) | {"manager_phone": "请打总机"}
    rendered = jinan.render("case_accepted", values, {"case_id": "C"})
    assert rendered.filled == {}
    assert "请打总机" in rendered.body
    assert "请打总机" not in caplog.text
    assert "phone_number4" in {getattr(record, "field", None) for record in caplog.records}
