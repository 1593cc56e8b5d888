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
from process_call import PhoneCall, emit, headers_of  # type: ignore[import-not-found]

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
POLL_MS = 10
MESSAGES_LOGGED = 4
REGISTERED_SECONDS = 300
CODECS = {"PCMA/8000/1": 255, "PCMU/8000/1": 254}


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
        call = PhoneCall(self.phone.finished, self, name, prm.callId)
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
        self.log = ""
        self.calls: dict[str, Any] = {}
        self.finished: list[Any] = []
        self.closing: list[Any] = []
        self.incoming = 0

    def next_incoming(self) -> int:
        self.incoming += 1
        return self.incoming

    def start(self, host: str, port: int = 0, log: str = "") -> None:
        """Bind to `host`:`port` (0: any free one); with `log`, write SIP messages and more there."""
        self.host, self.log = host, log
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
        made = self.calls[call] = PhoneCall(self.finished, self.account, call)
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

    def transfer(self, call: str, to: str, other: str = "") -> None:
        """Send the other end to the URI `to`, or to the far end of our call `other` (REFER)."""
        options = pj.CallOpParam()
        if other:
            self.calls[call].xferReplaces(self.calls[other], options)
        else:
            self.calls[call].xfer(to, options)

    def change(self, call: str, how: str) -> None:
        self.calls[call].change(how)

    def flush(self) -> None:
        """Tell how long the log is when all that was sent and received is in it."""
        LIBC.fflush(None)
        emit("flushed", size=Path(self.log).stat().st_size)

    def media(self, call: str, kind: str, path: str) -> None:
        self.calls[call].connect(kind, path)

    def reap(self) -> None:
        """Let go of calls that ended; never within pjsua2's own callback."""
        for call in self.finished:
            self.calls.pop(call.name, None)
            call.close()
        self.closing += self.finished
        self.finished.clear()
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
            "transfer": self.transfer, "change": self.change, "flush": self.flush,
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
    config.logConfig.level = MESSAGES_LOGGED if log else 0
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
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
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
        LIBC.fflush(None)
    os._exit(0)


if __name__ == "__main__":
    main()
