import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wechat import fieldlimits
from notifications.wording import fieldtypes

TEXTS = st.text(st.characters(codec=None, categories=None), max_size=60) | st.text(
    st.sampled_from("张三Abc 1234567890年月日:-.+()~￥元，…\u0000\u200b\ud83d😀𠮷\n\t"), max_size=60
)
MOMENTS = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%d %H:%M"))


@pytest.mark.parametrize("kind", fieldtypes.FIELD_TYPES)
@given(text=TEXTS | MOMENTS)
def test_whatever_is_fitted_is_what_wechat_takes(kind: str, text: str) -> None:
    fitted = fieldtypes.fit(f"{kind}1", text)

    assert fieldlimits.fault(f"{kind}1", fitted) is None


@pytest.mark.parametrize("kind", fieldtypes.FIELD_TYPES)
@given(text=TEXTS)
def test_what_fits_is_left_as_it_is(kind: str, text: str) -> None:
    fitted = fieldtypes.fit(f"{kind}1", text)

    assert fieldtypes.fit(f"{kind}1", fitted) == fitted


@pytest.mark.parametrize(
    ("field", "text", "fitted"),
    [
        ("thing1", "历下区演示路100号演示科技有限公司生产厂房", "历下区演示路100号演示科技有限公司生…"),
        ("thing1", "正好二十个字正好二十个字正好二十个字正好", "正好二十个字正好二十个字正好二十个字正好"),
        ("thing1", "第一行\n第二行\u202e", "第一行 第二行"),
        ("thing1", "\u0000 ", "—"),
        ("thing1", "😀" * 15, "😀" * 9 + "…"),
        ("phrase2", "已暂停（备款）", "已暂停备款"),
        ("phrase2", "paused", "已更新"),
        ("name3", "欧阳演示·买买提江阿不都拉", "欧阳演示·买买提江阿"),
        ("name3", "Alexandria Demonstration", "Alexandria Demonstra"),
        ("name3", "李🙂雷", "李雷"),
        ("phone_number4", "13800000001", "13800000001"),
        ("phone_number4", "０５３１-８８８８０００１", "0531-88880001"),
        ("character_string5", "JN 2026/0001", "JN2026/0001"),
        ("character_string5", "编号", "-"),
        ("time6", "2026-11-24 17:00", "2026-11-24 17:00"),
        ("time6", "2026-02-30 17:00", "17:00"),
        ("date6", "2026年1月4日 08:30", "2026-01-04 08:30"),
        ("number7", "第12次", "12"),
        ("amount8", "1234.50", "1234.50"),
    ],
)
def test_values_are_fitted_sensibly(field: str, text: str, fitted: str) -> None:
    assert fieldtypes.fit(field, text) == fitted


def test_a_type_that_is_not_filled_here_is_refused() -> None:
    with pytest.raises(KeyError):
        fieldtypes.fit("car_number1", "鲁A00000")
