"""terms.toml: every kind of data has a purpose, a term and a citation; every fault is named at once."""

from pathlib import Path

import pytest

from app.domain.config_error import ConfigError
from app.domain.data_terms import DataKind, load_terms, term_in_words
from app.domain.toml_reader import each_fault

JINAN = Path(__file__).parents[2] / "cities" / "jinan"


def test_every_kind_of_data_has_a_term_that_is_cited() -> None:
    terms = load_terms(JINAN)
    assert set(terms) == set(DataKind)
    assert all(term.cite and term.purpose and term.basis for term in terms.values())
    assert term_in_words(terms[DataKind.APPLICATIONS]) == "自办结之日起保存1095天"
    assert term_in_words(terms[DataKind.ACCOUNT]) == "您删除信息后立即删除"


def test_a_missing_kind_a_twofold_one_and_a_missing_citation_are_told_together(tmp_path: Path) -> None:
    text = (JINAN / "terms.toml").read_text(encoding="utf-8")
    text = text.replace('key = "sessions"', 'key = "account"', 1).replace(
        'cite = "本产品约定：七天内下载"', "", 1
    )
    (tmp_path / "terms.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_terms(tmp_path)
    faults = " ".join(f"{fault.key} {fault.fault}" for fault in each_fault(refused.value))
    assert "terms.sessions" in faults
    assert "duplicate" in faults
    assert "citation" in faults
