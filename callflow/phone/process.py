"""A SIP phone in a process of its own: commands as JSON lines on stdin, events as JSON lines on stdout.

It imports only the standard library and pjsua2, since pjsua2's crashes take the process with them and its
wheels end at Python 3.12: where Callflow runs on a newer Python this file is started by an older one.
`callflow.phone.client` is the other end and documents what the commands mean.

Every event has `event` and `at`, seconds of the monotonic clock that all processes of a machine share.
"""

# ruff: noqa: D102, ANN401, N802 - pjsua2 has no types and names its own callbacks

import ctypes
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pjsua2 as pj

PR_SET_PDEATHSIG = 1
POLL_MS = 10
CLOSE_SECONDS = 2.0
REGISTERED_SECONDS = 300
CODECS = {"PCMA/8000/1": 255, "PCMU/8000/1": 254}
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
    """One call of the phone; reports what happens to it under its name."""

    def __init__(self, phone: "Phone", account: "Account", name: str, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.phone = phone
        self.name = name
        self.player: Any = None
        self.recorder: Any = None
        self.audio: Any = None
        self.wanted: dict[str, str] = {}
        self.last_reason: list[str] = []
        self.close_by = 0.0

    def onCallState(self, prm: Any) -> None:  # noqa: ARG002
        info = self.getInfo()
        state = STATES.get(info.state, "null")
        emit("state", call=self.name, state=state, code=info.lastStatusCode, reason=info.lastReason,
             cause=self.last_reason)  # fmt: skip
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.phone.finished.append(self)

    def onCallTsxState(self, prm: Any) -> None:
        if prm.e.type != pj.PJSIP_EVENT_TSX_STATE or prm.e.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
            return
        message = prm.e.body.tsxState.src.rdata.wholeMsg
        headers = headers_of(message)
        self.last_reason = headers.get("reason", self.last_reason)
        first_line = message.partition("\r\n")[0]
        if first_line.startswith("SIP/2.0 ") and prm.e.body.tsxState.tsx.method == "INVITE":
            code, _, reason = first_line.removeprefix("SIP/2.0 ").partition(" ")
            emit("response", call=self.name, code=int(code), reason=reason, headers=headers)
        elif not first_line.startswith("SIP/2.0 "):
            emit("request", call=self.name, method=first_line.partition(" ")[0], headers=headers)

    def onCallMediaState(self, prm: Any) -> None:  # noqa: ARG002
        info = self.getInfo()  # its parts live no longer than it does
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.audio = self.getAudioMedia(index)
                pj.Endpoint.instance().audDevManager().getCaptureDevMedia().startTransmit(self.audio)
                emit("media", call=self.name)
                for kind, path in self.wanted.items():
                    self.connect(kind, path)

    def onDtmfDigit(self, prm: Any) -> None:
        emit("digit", call=self.name, digit=prm.digit)

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


class Account(pj.Account):  # type: ignore[misc]
    """An account of the phone."""

    def __init__(self, phone: "Phone", username: str) -> None:
        super().__init__()
        self.phone = phone
        self.username = username

    def onRegState(self, prm: Any) -> None:
        event = "registered" if self.getInfo().regIsActive else "unregistered"
        emit(event, account=self.username, code=prm.code, reason=prm.reason)

    def onIncomingCall(self, prm: Any) -> None:
        message = prm.rdata.wholeMsg
        name = f"in{self.phone.next_incoming()}"
        call = PhoneCall(self.phone, self, name, prm.callId)
        self.phone.calls[name] = call
        emit(
            "incoming",
            call=name,
            account=self.username,
            request=message.partition("\r\n")[0],
            headers=headers_of(message),
        )

    def onMwiInfo(self, prm: Any) -> None:
        emit("mwi", message=prm.rdata.wholeMsg)


class Phone:
    """The endpoint, its account and its calls; everything runs in the main thread."""

    def __init__(self) -> None:
        self.endpoint = pj.Endpoint()
        self.account: Account | None = None
        self.others: list[Account] = []
        self.host = ""
        self.port = 0
        self.calls: dict[str, PhoneCall] = {}
        self.finished: list[PhoneCall] = []
        self.closing: list[PhoneCall] = []
        self.incoming = 0

    def next_incoming(self) -> int:
        self.incoming += 1
        return self.incoming

    def start(self, host: str, port: int = 0, log: str = "") -> None:
        """Bind to `host`:`port` (0: any free one); with `log`, write SIP messages and more there."""
        self.host = host
        self.endpoint.libCreate()
        self.endpoint.libInit(endpoint_config(log))
        self.endpoint.audDevManager().setNullDev()
        transport = pj.TransportConfig()
        transport.boundAddress, transport.port = host, port
        transport_id = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, CODECS.get(codec.codecId, 0))
        address: str = self.endpoint.transportGetInfo(transport_id).localName
        self.port = int(address.rpartition(":")[2])
        self.set_account("phone")
        emit("started", port=self.port)

    def set_account(self, username: str, password: str = "", registrar: str = "", user: str = "") -> None:
        """Be this account; `registrar` is host:port, `user` what stands in From when not the username."""
        config = self.account_config(username, password, registrar, user)
        if self.account is None:
            self.account = Account(self, username)
            self.account.create(config, True)
        else:
            self.account.username = username
            self.account.modify(config)

    def add_account(self, username: str, password: str, registrar: str) -> None:
        """Be reached as this account as well; registers at once."""
        config = self.account_config(username, password, registrar, "")
        config.regConfig.registerOnAdd = True
        account = Account(self, username)
        account.create(config)
        self.others.append(account)

    def account_config(self, username: str, password: str, registrar: str, user: str) -> Any:
        config = pj.AccountConfig()
        config.idUri = f"sip:{user or username}@{registrar or f'{self.host}:{self.port}'}"
        if registrar:
            config.regConfig.registrarUri = f"sip:{registrar}"
        config.regConfig.registerOnAdd = False
        config.regConfig.disableRegOnModify = True
        config.regConfig.timeoutSec = REGISTERED_SECONDS
        config.regConfig.retryIntervalSec = 0
        if password:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", username, 0, password))
        nat = config.natConfig
        nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = 0
        nat.udpKaIntervalSec = nat.sipOutboundUse = 0
        config.mediaConfig.transportConfig.boundAddress = self.host
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        return config

    def register(self, *, active: bool) -> None:
        assert self.account is not None
        self.account.setRegistration(active)

    def call(self, call: str, to: str, caller: str = "", headers: dict[str, str] | None = None) -> None:
        """Call the URI `to`, as `caller` (a From URI, else the account's), with `headers` added to the INVITE."""
        assert self.account is not None
        made = self.calls[call] = PhoneCall(self, self.account, call)
        options = pj.CallOpParam(True)
        options.opt.videoCount = 0
        for name, value in (headers or {}).items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            options.txOption.headers.append(header)
        options.txOption.localUri = caller
        made.makeCall(to, options)

    def answer(self, call: str, code: int = 200, contact: str = "") -> None:
        """Answer with this SIP code: 180 rings, 200 takes the call, 486 is busy, 302 sends it on to `contact`."""
        options = pj.CallOpParam(True)
        options.opt.videoCount = 0
        options.statusCode = code
        if contact:
            header = pj.SipHeader()
            header.hName, header.hValue = "Contact", contact
            options.txOption.headers.append(header)
        self.calls[call].answer(options)

    def hangup(self, call: str) -> None:
        if call in self.calls:
            self.calls[call].hangup(pj.CallOpParam())

    def digits(self, call: str, digits: str) -> None:
        """Send digits as RFC 4733 events."""
        self.calls[call].dialDtmf(digits)

    def media(self, call: str, kind: str, path: str) -> None:
        self.calls[call].connect(kind, path)

    def reap(self) -> None:
        """Let go of calls that ended; never within pjsua2's own callback."""
        for call in self.finished:
            self.calls.pop(call.name, None)
            call.close()
        self.closing += self.finished
        self.finished = []
        for call in [call for call in self.closing if call.closed]:
            self.closing.remove(call)
            emit("closed", call=call.name)

    def command(self, command: dict[str, Any]) -> None:
        """Do one command; what fails is told as an event, and the phone lives on."""
        name = command.pop("do")
        does: dict[str, Callable[..., None]] = {
            "start": self.start, "account": self.set_account, "add_account": self.add_account,
            "register": self.register, "call": self.call,
            "answer": self.answer, "hangup": self.hangup, "digits": self.digits, "media": self.media,
        }  # fmt: skip
        try:
            does[name](**command)
        except pj.Error as error:
            emit("failed", command=name, call=command.get("call"), error=error.info())
        except KeyError as error:
            emit("failed", command=name, call=command.get("call"), error=f"no such call or command: {error}")


def endpoint_config(log: str) -> Any:
    """Return a configuration without sound card, without threads of its own, silent on stdout."""
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "Callflow phone"
    config.uaConfig.maxCalls = 16
    config.medConfig.threadCnt = 0
    config.medConfig.hasIoqueue = False
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.medConfig.clockRate = 8000
    config.logConfig.consoleLevel = 0
    config.logConfig.level = 5 if log else 0
    config.logConfig.msgLogging = 1 if log else 0
    config.logConfig.filename = log
    return config


def commands(buffer: bytearray) -> Iterator[dict[str, Any] | None]:
    """Yield the commands that have come on stdin; None when it has ended."""
    while select.select([0], [], [], 0)[0]:
        chunk = os.read(0, 65536)
        if not chunk:
            yield None
            return
        buffer += chunk
    while b"\n" in buffer:
        line, _, rest = bytes(buffer).partition(b"\n")
        buffer[:] = rest
        yield json.loads(line)


def main() -> None:
    """Serve commands until stdin ends; die with the parent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    phone = Phone()
    buffer = bytearray()
    emit("ready", pid=os.getpid(), file=Path(__file__).name)
    while True:
        for command in commands(buffer):
            if command is None or command["do"] == "quit":
                leave(phone)
            else:
                phone.command(command)
        if phone.port:
            phone.endpoint.libHandleEvents(POLL_MS)
            phone.reap()
        else:
            select.select([0], [], [])


def leave(phone: Phone) -> None:
    """End the calls, unregister, and go without pjsua2's own shutdown, which may crash."""
    if phone.port:
        phone.endpoint.hangupAllCalls()
        for account in (phone.account, *phone.others):
            if account is not None and account.getInfo().regIsActive:
                account.setRegistration(False)
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            phone.endpoint.libHandleEvents(POLL_MS)
            phone.reap()
    os._exit(0)


if __name__ == "__main__":
    main()
