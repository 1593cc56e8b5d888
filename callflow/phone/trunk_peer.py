"""The trunk's test peer: every number outside the region, so that no call ever leaves the machine.

It answers calls out as each number would: emergency services, a person who takes the call, or (any other
number) a mobile whose operator's voicemail takes it after a while. `python -m callflow.phone.trunk_peer`
runs it beside a system started for trying out, and tells each call as a JSON line.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from callflow.phone.client import Phone, PhoneCall
from callflow.phone.events import PhoneTimeoutError
from callflow.phone.tones import write_tone

PERSON = "+46701740611"
EMERGENCY = "112"
VOICE_HZ = 800.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a number does: rings `ring_seconds`, then answers with `code`; `presses` digits a second later.

    `silent_seconds` pass before it rings at all. `ring_code` 183 sends the network's own sound and never says that
    it rings. `hangs_up_after` is how many seconds after its answer it hangs up by itself.
    """

    ring_seconds: float = 0.0
    code: int = 200
    presses: str = ""
    silent_seconds: float = 0.0
    ring_code: int = 180
    hangs_up_after: float | None = None


VOICEMAIL_OF_THE_OPERATOR = Behaviour(ring_seconds=10.0)
KNOWN = {
    EMERGENCY: Behaviour(),
    PERSON: Behaviour(ring_seconds=2.0, presses="1"),
}


class TrunkPeer:
    """Answers calls out by number; what came is kept in `calls`, by number called."""

    def __init__(self, phone: Phone, behaviours: dict[str, Behaviour], tell: Callable[[PhoneCall], None]) -> None:
        self.phone = phone
        self.behaviours = behaviours
        self.default = VOICEMAIL_OF_THE_OPERATOR
        self.calls: list[PhoneCall] = []
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()
        self._folder = tempfile.TemporaryDirectory(prefix="callflow-trunk-")
        self._voice = write_tone(Path(self._folder.name) / "voice.wav", [(0.4, 0.2)] * 3, hertz=VOICE_HZ)
        phone.listen(
            lambda event: self._incoming(phone.calls[event.fields["call"]]) if event.name == "incoming" else None
        )

    @classmethod
    async def start(
        cls, host: str, port: int, behaviours: dict[str, Behaviour] | None = None,
        *, tell: Callable[[PhoneCall], None] = lambda _: None, log: Path | None = None,
    ) -> Self:  # fmt: skip
        """Start the peer at `host`:`port`; `behaviours` by number come first; `log` as for a phone."""
        phone = await Phone.start(host, port, title="trunk peer", log=log)
        return cls(phone, KNOWN | (behaviours or {}), tell)

    async def call_to(self, number: str, seconds: float = 10.0) -> PhoneCall:
        """Return the last call to `number`, past or to come within `seconds`."""
        await self.phone.wait_for(
            "incoming", seconds, where=lambda event: f"sip:{number}@" in event.fields["request"]
        )
        return next(call for call in reversed(self.calls) if call.called_user == number)

    async def stop(self) -> None:
        """End its calls and its process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.phone.stop()
        self._folder.cleanup()

    def _incoming(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self._tell(call)
        behaviour = self.behaviours.get(call.called_user, self.default)
        task = asyncio.create_task(self._behave(call, behaviour), name=f"trunk peer {call.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _behave(self, call: PhoneCall, behaviour: Behaviour) -> None:
        if behaviour.silent_seconds and await _ended_within(call, behaviour.silent_seconds):
            return
        await call.answer(behaviour.ring_code)
        if await _ended_within(call, behaviour.ring_seconds):
            return
        if behaviour.code != KNOWN[EMERGENCY].code:
            await call.reject(behaviour.code)
            return
        await call.play(self._voice)
        await call.answer()
        if behaviour.presses and not await _ended_within(call, 1.0):
            await call.send_digits(behaviour.presses)
        if behaviour.hangs_up_after is not None and not await _ended_within(call, behaviour.hangs_up_after):
            await call.hang_up()


async def _ended_within(call: PhoneCall, seconds: float) -> bool:
    try:
        await call.wait_for("disconnected", seconds)
    except PhoneTimeoutError:
        return False
    return True


def _tell_line(call: PhoneCall) -> None:
    line = {"event": "trunk_call", "called_number": call.called_user, "shown_number": call.caller_number}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def _serve(host: str, port: int) -> None:
    peer = await TrunkPeer.start(host, port, tell=_tell_line)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    sys.stdout.write('{"event": "trunk_peer_ready"}\n')
    sys.stdout.flush()
    ended = asyncio.create_task(peer.phone.wait_for("process_ended", timeout=sys.maxsize))
    await asyncio.wait([ended, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    await peer.stop()


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.2")
    parser.add_argument("--port", type=int, default=5060)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
