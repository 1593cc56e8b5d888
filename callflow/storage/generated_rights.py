"""What generated regions may call: kinds of numbers, barrings, exemptions and feature codes.

One extension of fifty has an exemption by its unit's manager, one unit of twenty a barring of its own; every
organisation has the whole code set. Nothing here is random.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.model import Extension, Organisation, Unit

EXTENSIONS_FOR_AN_EXEMPTION = 50
UNITS_FOR_A_BARRING = 20
OPENED = (Category.INTERNATIONAL, Category.INTERNATIONAL, Category.DIRECTORY, Category.PREMIUM)
CLASSES = (
    ("+46719", Category.MOBILE),
    ("+46771", Category.NATIONAL),
    ("+4620", Category.FREEPHONE),
    ("+4677", Category.SHARED_COST),
    ("90510", Category.SERVICE),
    ("1177", Category.SERVICE),
    ("11414", Category.SERVICE),
)
CODES = {
    "*21*": FeatureAction.DIVERT_ALL,
    "*21#": FeatureAction.DIVERT_ALL_VOICEMAIL,
    "#21#": FeatureAction.DIVERT_ALL_CANCEL,
    "*#21#": FeatureAction.DIVERT_ALL_ASK,
    "*61*": FeatureAction.DIVERT_NO_ANSWER,
    "*61#": FeatureAction.DIVERT_NO_ANSWER_VOICEMAIL,
    "#61#": FeatureAction.DIVERT_NO_ANSWER_CANCEL,
    "*#61#": FeatureAction.DIVERT_NO_ANSWER_ASK,
    "*67*": FeatureAction.DIVERT_BUSY,
    "*67#": FeatureAction.DIVERT_BUSY_VOICEMAIL,
    "#67#": FeatureAction.DIVERT_BUSY_CANCEL,
    "*#67#": FeatureAction.DIVERT_BUSY_ASK,
    "*62*": FeatureAction.DIVERT_UNREACHABLE,
    "*62#": FeatureAction.DIVERT_UNREACHABLE_VOICEMAIL,
    "#62#": FeatureAction.DIVERT_UNREACHABLE_CANCEL,
    "*#62#": FeatureAction.DIVERT_UNREACHABLE_ASK,
    "##002#": FeatureAction.DIVERT_CANCEL_ALL,
    "*23*": FeatureAction.ABSENCE,
    "#23#": FeatureAction.ABSENCE_CANCEL,
    "*#23#": FeatureAction.ABSENCE_ASK,
    "*230*": FeatureAction.ABSENCE_FOR_ANOTHER,
    "#230*": FeatureAction.ABSENCE_FOR_ANOTHER_CANCEL,
    "*#230*": FeatureAction.ABSENCE_FOR_ANOTHER_ASK,
    "*210*": FeatureAction.DIVERT_ALL_FOR_ANOTHER,
    "#210*": FeatureAction.DIVERT_ALL_FOR_ANOTHER_CANCEL,
    "*#210*": FeatureAction.DIVERT_ALL_FOR_ANOTHER_ASK,
    "*610*": FeatureAction.DIVERT_NO_ANSWER_FOR_ANOTHER,
    "#610*": FeatureAction.DIVERT_NO_ANSWER_FOR_ANOTHER_CANCEL,
    "*#610*": FeatureAction.DIVERT_NO_ANSWER_FOR_ANOTHER_ASK,
    "*670*": FeatureAction.DIVERT_BUSY_FOR_ANOTHER,
    "#670*": FeatureAction.DIVERT_BUSY_FOR_ANOTHER_CANCEL,
    "*#670*": FeatureAction.DIVERT_BUSY_FOR_ANOTHER_ASK,
    "*620*": FeatureAction.DIVERT_UNREACHABLE_FOR_ANOTHER,
    "#620*": FeatureAction.DIVERT_UNREACHABLE_FOR_ANOTHER_CANCEL,
    "*#620*": FeatureAction.DIVERT_UNREACHABLE_FOR_ANOTHER_ASK,
    "*98#": FeatureAction.VOICEMAIL,
    "*98*": FeatureAction.VOICEMAIL_OF_ANOTHER,
    "*27*": FeatureAction.DUTY_TAKE,
    "#27#": FeatureAction.DUTY_BACK,
    "*#27#": FeatureAction.DUTY_ASK,
    "*#27*": FeatureAction.DUTY_ASK_ELSEWHERE,
    "*28*": FeatureAction.UNIT_HOURS,
    "#28#": FeatureAction.UNIT_HOURS_CANCEL,
    "*#28#": FeatureAction.UNIT_HOURS_ASK,
    "#28*": FeatureAction.UNIT_HOURS_CANCEL_ELSEWHERE,
    "*#28*": FeatureAction.UNIT_HOURS_ASK_ELSEWHERE,
    "#31#": FeatureAction.HIDE_NUMBER_ONCE,
    "*31#": FeatureAction.SHOW_NUMBER_ONCE,
    "*29*": FeatureAction.LOCK_LOST,
}


def number_classes() -> list[NumberClass]:
    """Return the classes of every generated region."""
    return [
        NumberClass(id=row, prefix=prefix, category=category)
        for row, (prefix, category) in enumerate(CLASSES, start=1)
    ]


def barrings(units: Sequence[Unit]) -> list[Barring]:
    """Return what some of the units may not call."""
    barred = units[UNITS_FOR_A_BARRING - 1 :: UNITS_FOR_A_BARRING]
    return [
        Barring(id=row, category=Category.SHARED_COST, unit_id=unit.id) for row, unit in enumerate(barred, start=1)
    ]


def exemptions(units: Sequence[Unit], extensions: Sequence[Extension], monday: date) -> Iterator[Exemption]:
    """Yield exemptions for a year around `monday`; `units` stand by id from 1."""
    start = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - timedelta(days=90)
    categories = cycle(OPENED)
    row = 0
    for extension in extensions[EXTENSIONS_FOR_AN_EXEMPTION - 1 :: EXTENSIONS_FOR_AN_EXEMPTION]:
        manager = units[extension.unit_id - 1].manager_id
        if manager is not None and manager != extension.person_id:
            row += 1
            yield Exemption(
                id=row,
                extension_id=extension.id,
                category=next(categories),
                approver_id=manager,
                starts_at=start,
                ends_at=start + timedelta(days=365),
            )


def feature_codes(organisations: Sequence[Organisation]) -> list[FeatureCode]:
    """Return the whole code set for each organisation."""
    wanted = [(organisation.id, code, action) for organisation in organisations for code, action in CODES.items()]
    return [
        FeatureCode(id=row, organisation_id=owner, code=code, action=action.value)
        for row, (owner, code, action) in enumerate(wanted, start=1)
    ]
