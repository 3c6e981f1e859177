"""Personal data in the database and on the screen."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from app.core import crypto
from app.core.settings import Settings

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HASH_KEY = "h" * 32


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    crypto.install([OLD], HASH_KEY)
    yield
    settings = Settings.for_tests("sqlite:///unused.db")
    crypto.install(settings.data_keys, settings.hash_key)


def test_a_secret_comes_back_and_is_never_written_twice_alike() -> None:
    first, second = crypto.encrypt("钱多多 13800000001"), crypto.encrypt("钱多多 13800000001")
    assert crypto.decrypt(first) == crypto.decrypt(second) == "钱多多 13800000001"
    assert first != second
    assert b"13800000001" not in first


def test_the_newest_key_writes_and_every_key_reads() -> None:
    token = crypto.encrypt("secret")
    crypto.install([NEW, OLD], HASH_KEY)
    assert crypto.decrypt(token) == "secret"
    rotated = crypto.rotate(token)
    crypto.install([NEW], HASH_KEY)
    assert crypto.decrypt(rotated) == "secret"
    for unreadable in (token, rotated[:-4] + b"AAA=", b""):
        with pytest.raises(crypto.UnreadableError):
            crypto.decrypt(unreadable)
        with pytest.raises(crypto.UnreadableError):
            crypto.rotate(unreadable)


def test_a_hash_finds_its_like_and_tells_kinds_apart() -> None:
    of_phone = crypto.keyed_hash("phone", "+8613800000001")
    assert of_phone == crypto.keyed_hash("phone", "+8613800000001")
    assert of_phone != crypto.keyed_hash("phone", "+8613800000002")
    assert of_phone != crypto.keyed_hash("credit_code", "+8613800000001")
    # Rotating the data keys leaves it alone; another installation's is another.
    crypto.install([NEW], HASH_KEY)
    assert of_phone == crypto.keyed_hash("phone", "+8613800000001")
    crypto.install([NEW], "i" * 32)
    assert of_phone != crypto.keyed_hash("phone", "+8613800000001")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+8613800000001", "138******01"),
        ("13800000001", "138******01"),
        ("+8653186000000", "531******00"),
        ("", "***"),
    ],
)
def test_a_phone_as_lists_show_it(phone: str, shown: str) -> None:
    assert crypto.mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("李四", "*四"), ("钱多多", "钱*多"), ("欧阳娜娜", "欧**娜"), ("李", "*李"), ("", "*")],
)
def test_a_name_as_lists_show_it(name: str, shown: str) -> None:
    assert crypto.mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"), [("泉城路1号2单元301", "泉城路1号***"), ("路", "路***"), ("", "***")]
)
def test_an_address_as_lists_show_it(address: str, shown: str) -> None:
    assert crypto.mask_address(address) == shown
