"""Phone numbers: normalisation, and the hash by which they are found."""

from app.core.crypto import keyed_hash


def normalised_phone(text: str) -> str | None:
    """A mainland mobile or land line number in E.164, or None when it is not one."""
    # Imported here: it brings the numbering plan of the world.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != 86 or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_hash(phone: str) -> str:
    """The keyed hash by which an E.164 number is found."""
    return keyed_hash("phone", phone)
