"""Which numbers outside may be reached through the trunk (R18): the one place that outgoing rules will replace."""

import re

_PLAIN_SWEDISH = re.compile(r"\+46(?!0|112|118|71|74|77|900|939|944|99)[0-9]{7,9}")
"""Swedish numbers to places, mobiles and freephone: no premium (0900, 0939, 0944), mass call (099), shared
cost (077), directory (118), machine or pager numbers. Foreign numbers are barred as R18 has it by default."""


_SWEDISH_MOBILE = re.compile(r"\+467[02369][0-9]{7}")


def is_mobile(number: str) -> bool:
    """Tell whether an E.164 number is a Swedish mobile, whose operator's voicemail may answer before a person."""
    return _SWEDISH_MOBILE.fullmatch(number) is not None


def outside_number_allowed(number: str) -> bool:
    """Tell whether an E.164 number that is not ours may be called; everything unusual is barred."""
    return _PLAIN_SWEDISH.fullmatch(number) is not None
