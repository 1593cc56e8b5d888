"""A call of the phone in `process.py`, beside which this file lies, and how the two report.

Like that one it imports only the standard library and pjsua2.
"""

# ruff: noqa: D102, ANN401, N802 - pjsua2 has no types and names its own callbacks

import json
import os
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

CLOSE_SECONDS = 2.0
FINAL = 200
SUCCESS = range(200, 300)
CHALLENGES = {401, 407}
STATES = {
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "early",
    pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "connected",
    pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}

# pjlib writes to stdout before it can be told not to: the events get a descriptor of their own.
EVENTS = os.fdopen(os.dup(1), "w", encoding="utf-8")


def emit(event: str, **fields: object) -> None:
    """Write one event."""
    EVENTS.write(json.dumps({"event": event, "at": time.monotonic(), **fields}) + "\n")
    EVENTS.flush()


def headers_of(message: str) -> dict[str, list[str]]:
    """Return a SIP message's headers by lower-case name, each with its values in order."""
    headers: dict[str, list[str]] = {}
    for line in message.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), []).append(value.strip())
    return headers


class PhoneCall(pj.Call):  # type: ignore[misc]
    """One call of the phone; reports what happens to it under its name, and is in `finished` when it is over."""

    def __init__(self, finished: list[Any], account: Any, name: str, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.finished = finished
        self.name = name
        self.player: Any = None
        self.recorder: Any = None
        self.audio: Any = None
        self.wanted: dict[str, str] = {}
        self.last_reason: list[str] = []
        self.close_by = 0.0
        self.changing = ""

    def onCallState(self, prm: Any) -> None:  # noqa: ARG002
        info = self.getInfo()
        state = STATES.get(info.state, "null")
        emit("state", call=self.name, state=state, code=info.lastStatusCode, reason=info.lastReason,
             cause=self.last_reason)  # fmt: skip
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.finished.append(self)

    def onCallTsxState(self, prm: Any) -> None:
        if prm.e.type != pj.PJSIP_EVENT_TSX_STATE or prm.e.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
            return
        message = prm.e.body.tsxState.src.rdata.wholeMsg
        headers = headers_of(message)
        self.last_reason = headers.get("reason", self.last_reason)
        first_line = message.partition("\r\n")[0]
        if not first_line.startswith("SIP/2.0 "):
            emit("request", call=self.name, method=first_line.partition(" ")[0], headers=headers)
            return
        code, _, reason = first_line.removeprefix("SIP/2.0 ").partition(" ")
        self.report_response(prm.e.body.tsxState.tsx.method, int(code), reason, headers)

    def report_response(self, method: str, code: int, reason: str, headers: dict[str, list[str]]) -> None:
        if self.changing == method and code >= FINAL and code not in CHALLENGES:
            self.changing = ""
            emit("changed", call=self.name, code=code, reason=reason)
        if method == "INVITE":
            emit("response", call=self.name, code=code, reason=reason, headers=headers)

    def onCallMediaState(self, prm: Any) -> None:  # noqa: ARG002
        info = self.getInfo()  # its parts live no longer than it does
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.audio = self.getAudioMedia(index)
                pj.Endpoint.instance().audDevManager().getCaptureDevMedia().startTransmit(self.audio)
                emit("media", call=self.name)
                for kind, path in self.wanted.items():
                    self.connect(kind, path)

    def onCallTransferStatus(self, prm: Any) -> None:
        emit("transfer", call=self.name, code=prm.statusCode, reason=prm.reason, final=prm.finalNotify)
        if prm.finalNotify and prm.statusCode in SUCCESS:
            self.hangup(pj.CallOpParam())

    def onCallTransferRequest(self, prm: Any) -> None:
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def onDtmfDigit(self, prm: Any) -> None:
        emit("digit", call=self.name, digit=prm.digit)

    def change(self, how: str) -> None:
        """Hold or unhold the call, or offer its media anew by `reinvite` or `update`."""
        options = pj.CallOpParam(True)
        options.opt.videoCount = 0
        if how == "unhold":
            options.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.changing = "UPDATE" if how == "update" else "INVITE"
        if how == "hold":
            self.setHold(options)
        elif how == "update":
            self.update(options)
        else:
            self.reinvite(options)

    def connect(self, kind: str, path: str) -> None:
        """Play from or record to a wav, now or as soon as there is audio."""
        self.wanted[kind] = path
        if self.audio is None:
            return
        if kind == "play":
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(path, pj.PJMEDIA_FILE_NO_LOOP)
            self.player.startTransmit(self.audio)
        elif self.recorder is None:
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(path)
            self.audio.startTransmit(self.recorder)

    def close(self) -> None:
        """Let go of the files, which completes a recording a little later."""
        self.audio = self.player = self.recorder = None
        self.close_by = time.monotonic() + CLOSE_SECONDS

    @property
    def closed(self) -> bool:
        """Whether the recording is complete: its RIFF header tells its size."""
        if "record" not in self.wanted or time.monotonic() > self.close_by:
            return True
        head = Path(self.wanted["record"]).read_bytes()[:8]
        return int.from_bytes(head[4:], "little") > 0
