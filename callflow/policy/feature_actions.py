"""What feature codes do (R9): the actions that an organisation's code set names."""

from dataclasses import dataclass
from enum import StrEnum


class FeatureAction(StrEnum):
    """What a feature code asks for.

    Those that set a diversion go on with a number (and seconds) up to a hash, `ABSENCE` with a reason (and a return).
    Those for another begin with whose extension it is: `*230*61104*2*1300#`. `DUTY_TAKE` goes on with until when,
    `UNIT_HOURS` with 0 (closed) or 1 (open) and until when, both after a unit's number where it is not the own one;
    those elsewhere go on with a unit's number: `#28*61200#`. `LOCK_LOST` goes
    on with an extension and the PIN of its mailbox.
    """

    DIVERT_ALL = "divert_all"
    DIVERT_ALL_VOICEMAIL = "divert_all_voicemail"
    DIVERT_ALL_CANCEL = "divert_all_cancel"
    DIVERT_ALL_ASK = "divert_all_ask"
    DIVERT_NO_ANSWER = "divert_no_answer"
    DIVERT_NO_ANSWER_VOICEMAIL = "divert_no_answer_voicemail"
    DIVERT_NO_ANSWER_CANCEL = "divert_no_answer_cancel"
    DIVERT_NO_ANSWER_ASK = "divert_no_answer_ask"
    DIVERT_BUSY = "divert_busy"
    DIVERT_BUSY_VOICEMAIL = "divert_busy_voicemail"
    DIVERT_BUSY_CANCEL = "divert_busy_cancel"
    DIVERT_BUSY_ASK = "divert_busy_ask"
    DIVERT_UNREACHABLE = "divert_unreachable"
    DIVERT_UNREACHABLE_VOICEMAIL = "divert_unreachable_voicemail"
    DIVERT_UNREACHABLE_CANCEL = "divert_unreachable_cancel"
    DIVERT_UNREACHABLE_ASK = "divert_unreachable_ask"
    DIVERT_CANCEL_ALL = "divert_cancel_all"
    ABSENCE = "absence"
    ABSENCE_CANCEL = "absence_cancel"
    ABSENCE_ASK = "absence_ask"
    DIVERT_ALL_FOR_ANOTHER = "divert_all_for_another"
    DIVERT_ALL_FOR_ANOTHER_CANCEL = "divert_all_for_another_cancel"
    DIVERT_ALL_FOR_ANOTHER_ASK = "divert_all_for_another_ask"
    DIVERT_NO_ANSWER_FOR_ANOTHER = "divert_no_answer_for_another"
    DIVERT_NO_ANSWER_FOR_ANOTHER_CANCEL = "divert_no_answer_for_another_cancel"
    DIVERT_NO_ANSWER_FOR_ANOTHER_ASK = "divert_no_answer_for_another_ask"
    DIVERT_BUSY_FOR_ANOTHER = "divert_busy_for_another"
    DIVERT_BUSY_FOR_ANOTHER_CANCEL = "divert_busy_for_another_cancel"
    DIVERT_BUSY_FOR_ANOTHER_ASK = "divert_busy_for_another_ask"
    DIVERT_UNREACHABLE_FOR_ANOTHER = "divert_unreachable_for_another"
    DIVERT_UNREACHABLE_FOR_ANOTHER_CANCEL = "divert_unreachable_for_another_cancel"
    DIVERT_UNREACHABLE_FOR_ANOTHER_ASK = "divert_unreachable_for_another_ask"
    ABSENCE_FOR_ANOTHER = "absence_for_another"
    ABSENCE_FOR_ANOTHER_CANCEL = "absence_for_another_cancel"
    ABSENCE_FOR_ANOTHER_ASK = "absence_for_another_ask"
    VOICEMAIL = "voicemail"
    VOICEMAIL_OF_ANOTHER = "voicemail_of_another"
    DUTY_TAKE = "duty_take"
    DUTY_BACK = "duty_back"
    DUTY_ASK = "duty_ask"
    DUTY_ASK_ELSEWHERE = "duty_ask_elsewhere"
    UNIT_HOURS = "unit_hours"
    UNIT_HOURS_CANCEL = "unit_hours_cancel"
    UNIT_HOURS_ASK = "unit_hours_ask"
    UNIT_HOURS_CANCEL_ELSEWHERE = "unit_hours_cancel_elsewhere"
    UNIT_HOURS_ASK_ELSEWHERE = "unit_hours_ask_elsewhere"
    HIDE_NUMBER_ONCE = "hide_number_once"
    SHOW_NUMBER_ONCE = "show_number_once"
    LOCK_LOST = "lock_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCode:
    """A code of an organisation's code set: what begins a dialled string (`*21*`) or is all of it (`#21#`)."""

    id: int
    organisation_id: int
    code: str
    action: str
    """A `FeatureAction`, or the name of one that this version does not know yet."""
