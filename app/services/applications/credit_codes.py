"""统一社会信用代码 (GB 32100-2015 with its amendment of 2016): the 18 signs that name an organisation.

python-stdnum 2 alone does not do: it takes digits only in the first two places, so that rural collectives
(N1 to N3), units of the army (A1) and other bodies (Y1) are refused, and it takes every digit there, so that
types which do not exist pass. Its check digit is the standard's.
"""

import re
from types import MappingProxyType

from stdnum.cn import uscc

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORM = re.compile(rf"[1-9ANY][1-9][0-9]{{6}}[{_ALPHABET}]{{10}}")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]")

TYPES = MappingProxyType(
    {
        "1": "1239",  # 机构编制: 机关, 事业单位, 群众团体, 其他
        "2": "19",  # 外交: 外国常驻新闻机构, 其他
        "3": "123459",  # 司法行政: 律师执业机构, 公证处, 基层法律服务所, 司法鉴定机构, 仲裁委员会, 其他
        "4": "19",  # 文化: 外国在华文化中心, 其他
        "5": "12349",  # 民政: 社会团体, 民办非企业单位, 基金会, 基层群众性自治组织 (居委会, 村委会), 其他
        "6": "129",  # 旅游: 外国和港澳台旅游部门常驻机构, 其他
        "7": "129",  # 宗教: 宗教活动场所, 宗教院校, 其他
        "8": "19",  # 工会: 基层工会, 其他
        "9": "123",  # 工商: 企业, 个体工商户, 农民专业合作社
        "A": "19",  # 中央军委改革和编制办公室: 军队事业单位, 其他
        "N": "1239",  # 农业: 组级, 村级, 乡镇级集体经济组织, 其他
        "Y": "1",  # 其他
    }
)
"""The registering department (first sign) and the types of organisation that it registers (second sign)."""


SOLE_TRADER = "92"
"""Registered by 工商 (9) as 个体工商户 (2)."""


def compact(text: str) -> str:
    """The code in capitals without blanks and hyphens."""
    return _SEPARATORS.sub("", text).upper()


def names_a_person(code: object) -> bool:
    """Whether whoever has this code may be a person in business for themselves (个体工商户): the type 92.

    Also without a code that says otherwise, since a sole trader's name is personal data.
    """
    return not isinstance(code, str) or compact(code).startswith(SOLE_TRADER) or not is_valid(code)


def is_valid(text: str) -> bool:
    """Whether it is a code of a type that exists, with the right check sign."""
    code = compact(text)
    if not _FORM.fullmatch(code) or code[1] not in TYPES[code[0]]:
        return False
    return code[-1] == str(uscc.calc_check_digit(code[:-1]))
