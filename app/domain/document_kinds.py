"""What sorts of documents a case may hold, and who brings them: the city's documents.toml."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.domain.toml_reader import Source, check_unique


class Uploader(StrEnum):
    """Who may bring a document of a kind."""

    CUSTOMER = "customer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A sort of document.

    `shown_to_customer`: whether the customer sees what staff brought. `drawing`: shows what is
    wanted, without saying whose it is.
    """

    key: str
    name: str
    uploaders: tuple[Uploader, ...]
    shown_to_customer: bool
    drawing: bool


@dataclass(frozen=True, slots=True)
class DocumentRules:
    """The kinds of a city, and how many documents each side may bring to one case."""

    kinds: tuple[DocumentKind, ...]
    most_by_customer: int
    most_by_staff: int

    def most_by(self, uploader: Uploader) -> int:
        """How many documents of one case may be from this side."""
        return self.most_by_customer if uploader is Uploader.CUSTOMER else self.most_by_staff

    def kind(self, key: str) -> DocumentKind:
        """The kind of that key. Raises `KeyError`."""
        for kind in self.kinds:
            if kind.key == key:
                return kind
        raise KeyError(key)


def load_document_rules(folder: Path) -> DocumentRules:
    """Read documents.toml of a city's folder.

    :raises ConfigError: with every fault of the file.
    """
    source = Source(folder / "documents.toml")
    rows = source.root.tables("kinds")
    kinds = tuple(
        DocumentKind(
            key=row.text("key"),
            name=row.text("name"),
            uploaders=tuple(Uploader(word) for word in row.texts("uploaders") if word in set(Uploader)),
            shown_to_customer=row.flag("shown_to_customer"),
            drawing=row.flag("drawing"),
        )
        for row in rows
    )
    for row, kind in zip(rows, kinds, strict=True):
        if not kind.uploaders:
            row.fault("uploaders", "must name customer, staff or both")
    check_unique(rows, [kind.key for kind in kinds])
    most = [source.root.whole(f"most_by_{uploader}") for uploader in Uploader]
    for uploader, number in zip(Uploader, most, strict=True):
        if number == 0:
            source.root.fault(f"most_by_{uploader}", "must be 1 or more")
    source.finish()
    return DocumentRules(kinds, *(number or 0 for number in most))
