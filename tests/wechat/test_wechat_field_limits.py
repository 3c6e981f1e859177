import pytest

from app.wechat.fieldlimits import fault, type_of

GOOD = [
    ("thing1", "一" * 20),
    ("thing1", "DN20 接水（市中区）☆"),
    ("number2", "3.5"),
    ("letter3", "ABC"),
    ("symbol4", "☆！"),
    ("character_string5", "JN-2026-000123"),
    ("time6", "08:30"),
    ("time6", "23:59:59"),
    ("time6", "2026年3月10日 09:00"),
    ("time6", "09:00~11:30"),
    ("date7", "2026年3月10日"),
    ("date7", "2026-03-10 17:00"),
    ("date7", "2026/3/10~2026/3/12"),
    ("amount8", "¥1234.50"),
    ("amount8", "0元"),
    ("phone_number9", "+86-0531-00000000"),
    ("car_number10", "鲁A00000"),
    ("name11", "王小明"),
    ("name11", "Ivan Petrov"),
    ("phrase12", "施工中"),
]
BAD = [
    ("thing1", "一" * 21),
    ("thing1", "😀" * 11),
    ("thing1", ""),
    ("thing1", "  "),
    ("thing1", "两\n行"),
    ("thing1", "a\tb"),
    ("thing1", "a\u2028b"),
    ("thing1", "\ud83d"),
    ("number2", "三"),
    ("number2", "３"),
    ("number2", "1" * 33),
    ("letter3", "A1"),
    ("symbol4", "a"),
    ("symbol4", "!" * 6),
    ("character_string5", "编号1"),
    ("character_string5", "x" * 33),
    ("time6", "24:00"),
    ("time6", "9点"),
    ("time6", "2026年2月30日 09:00"),
    ("time6", "2026年3月10日"),
    ("time6", "08:00~09:00~10:00"),
    ("date7", "2026-13-01"),
    ("date7", "2026-03/10"),
    ("date7", "明天"),
    ("amount8", "12345678901"),
    ("amount8", "免费"),
    ("amount8", "¥"),
    ("phone_number9", "0" * 18),
    ("phone_number9", "请致电"),
    ("phone_number9", "---"),
    ("car_number10", "鲁A0000000"),
    ("name11", "一" * 11),
    ("name11", "王A一二三四五六七八九"),
    ("name11", "abcdefghijklmnopqrstu"),
    ("name11", "王2"),
    ("phrase12", "施工进行中了"),
    ("phrase12", "DN20"),
    ("enum13", "别的"),
    ("title14", "x"),
    ("thing", "x"),
]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_what_wechat_takes(key: str, value: str) -> None:
    assert fault(key, value) is None


@pytest.mark.parametrize(("key", "value"), BAD)
def test_what_wechat_refuses(key: str, value: str) -> None:
    assert fault(key, value, ["甲"])


def test_an_enum_takes_only_its_values() -> None:
    assert fault("enum13", "甲", ["甲", "乙"]) is None
    assert fault("const13", "丙", ["甲", "乙"])


def test_the_type_is_the_key_without_its_number() -> None:
    assert type_of("phone_number3") == "phone_number"
    assert type_of("phone3") is None
