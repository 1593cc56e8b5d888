"""What Asterisk tells us over ARI's websocket, as typed messages.

The fields are those of Asterisk's own Swagger files (`/ari/api-docs/events.json`); only what call control uses
is read, the rest is skipped without being built. A contract test holds them against the running Asterisk.
"""

import msgspec


class Dialplan(msgspec.Struct, frozen=True):
    """Where in the dialplan a channel is (`DialplanCEP`)."""

    context: str
    exten: str
    priority: int
    app_name: str = ""
    app_data: str = ""


class CallerID(msgspec.Struct, frozen=True):
    """A party's number and name as Asterisk holds them; empty where there is none."""

    number: str = ""
    name: str = ""


class Channel(msgspec.Struct, frozen=True):
    """A channel; `name` is `PJSIP/<endpoint>-<serial>`, the endpoint being what was authenticated.

    `protocol_id` is the Call-ID of its SIP dialogue.
    """

    id: str
    name: str
    state: str
    caller: CallerID
    dialplan: Dialplan
    protocol_id: str = ""


class Bridge(msgspec.Struct, frozen=True):
    """Channels, by id, that hear each other."""

    channels: tuple[str, ...]


class CallBroadcast(msgspec.Struct, frozen=True, tag="CallBroadcast", tag_field="type"):
    """A call stands at the door for 500 ms: who claims it first has it."""

    channel: Channel
    caller: str = ""
    called: str = ""


class StasisStart(msgspec.Struct, frozen=True, tag="StasisStart", tag_field="type"):
    """A channel has come into our application; from now on it takes variables."""

    channel: Channel
    args: tuple[str, ...] = ()


class ApplicationReplaced(msgspec.Struct, frozen=True, tag="ApplicationReplaced", tag_field="type"):
    """Another websocket has taken our application's name."""


class RESTResponse(msgspec.Struct, frozen=True, tag="RESTResponse", tag_field="type"):
    """The answer to a RESTRequest; `message_body` is JSON text when there is any."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str = ""


class Connected(msgspec.Struct, frozen=True):
    """Ours, not Asterisk's: the websocket is up and the event filter set; channels may be left over from before."""


Message = CallBroadcast | StasisStart | ApplicationReplaced | RESTResponse
Event = CallBroadcast | StasisStart | ApplicationReplaced | Connected

EVENT_TYPES = (CallBroadcast, StasisStart, ApplicationReplaced, RESTResponse)
"""Everything we let through Asterisk's event filter; two thirds of an unfiltered stream are `ChannelVarset`."""


class _Head(msgspec.Struct):
    type: str


_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_head_decoder = msgspec.json.Decoder(_Head)
_known = frozenset(kind.__name__ for kind in EVENT_TYPES)


class UnreadableMessageError(ValueError):
    """A message that is not JSON, or lacks a field that we need; `kind` is its type where that much was readable."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


def read_message(data: str | bytes) -> Message | None:
    """Return the message, or None for a type we have no use for; raise `UnreadableMessageError` for nonsense."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        kind = _kind_of(data)
        if kind and kind not in _known:
            return None
        raise UnreadableMessageError(str(error), kind) from error


def _kind_of(data: str | bytes) -> str:
    try:
        return _head_decoder.decode(data).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
