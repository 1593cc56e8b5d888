"""How long the interpreter itself may hold up the event loop, in a process that rebuilds a large policy beside it."""

import asyncio
import gc
import sys

SWITCH_SECONDS = 0.0002
"""After how long a computing thread lets the event loop run: Python's own 5 ms add up over a call's many steps."""
COLLECT_SECONDS = 600.0
"""How often all objects are looked through for garbage."""
_YOUNG, _MIDDLE, _NEVER = 700, 10, 1_000_000_000


def keep_pauses_short() -> None:
    """Let threads take turns quickly, and leave looking through all objects to `collect_garbage`.

    Whoever builds a policy of 15,000 extensions sets off a look through all objects, once or twice: 60 ms each in
    which nothing else runs. What is used no more is freed at once even so, but for cycles.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)


async def collect_garbage() -> None:
    """Look through all objects every ten minutes, until cancelled."""
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        gc.collect()
