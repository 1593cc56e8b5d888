"""What a finding says in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What is wrong and what to do about it, in Swedish and English; `{…}` is filled from the finding's values."""

    sv: str
    en: str
    do_sv: str
    do_en: str
