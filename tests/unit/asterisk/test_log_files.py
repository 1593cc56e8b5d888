"""A disk of Asterisk's logs that does not answer holds up nobody else."""

import asyncio
from pathlib import Path

from callflow.asterisk.ami import Ami
from callflow.asterisk.ami_connection import AmiAddress, AmiConnection
from callflow.asterisk.log_files import LogFiles
from tests.fakes.bad_disk import silent_disk, until_asked


async def test_disk_of_the_logs_that_does_not_answer_leaves_the_loop_free(tmp_path: Path) -> None:
    nobody = Ami(AmiConnection(AmiAddress(host="127.0.0.1", port=1, username="", password="")))
    with silent_disk(tmp_path) as asked:
        shortening = asyncio.create_task(LogFiles(tmp_path, nobody).shorten())
        await until_asked(asked)
        assert not shortening.done()
    await shortening
