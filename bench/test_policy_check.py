"""How long `callflow policy check` takes over the policy of 100,000 extensions, once it is read."""

import time

from callflow.policy.check import check
from callflow.service.clock import now
from callflow.storage.generator import generate_region
from callflow.storage.snapshot import read_snapshot

EXTENSIONS = 100_000
AIM_SECONDS = 10.0


async def test_check_of_a_large_policy(database_url: str) -> None:
    await generate_region(database_url, EXTENSIONS)
    began = time.perf_counter()
    policy = (await read_snapshot(database_url)).policy
    read = time.perf_counter()
    found = check(policy, now())
    done = time.perf_counter()
    print(
        f"\npolicy check of {EXTENSIONS} extensions: read in {read - began:.1f} s, checked in {done - read:.1f} s, "
        f"aim {AIM_SECONDS:.0f} s together; {len(found)} findings"
    )
