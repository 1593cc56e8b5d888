"""A decision reads no file, so that a service without file descriptors goes on deciding (R23)."""

import subprocess
import sys
import textwrap

SCRIPT = """
    import resource
    from callflow.policy.decision import Call
    from callflow.policy.evaluate import decide
    from callflow.policy.schedule import time_zones
    from tests.builders import TUESDAY_NOON, extension, organisation, policy, schedule, unit, to_extension

    rows = policy(
        organisations=[organisation(time_zone="Asia/Tokyo")],
        extensions=[extension(1)],
        units=[unit(1, to_extension(1), number="+4690161900", telephone_schedule_id=1)],
        schedules=[schedule(1, (540, 660))],
    )
    held = time_zones(rows)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    for number in ("004722225555", "0012125550123", "0701234567", "118118", "00881612345678", "+4690161900"):
        decide(rows, Call(called_number=number, caller_extension_id=1), TUESDAY_NOON)
        decide(rows, Call(called_number=number, caller_number="+4722225555"), TUESDAY_NOON)
    print("decided")
"""


def test_every_kind_of_call_is_decided_without_a_descriptor() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "decided\n", done.stderr
