"""The ARI operations we use, named and spelt as in Asterisk's own Swagger files.

A contract test holds each of them against `/ari/api-docs/<resource>.json` of the running Asterisk.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its `nickname` in `resource`'s Swagger file, method, path, and the parameters we send."""

    resource: str
    nickname: str
    method: str
    path: str
    query: tuple[str, ...] = ()
    body: str | None = None


CLAIM_CHANNEL = Operation("events", "claimChannel", "POST", "/events/claim", ("channelId", "application"))
LIST_CHANNELS = Operation("channels", "list", "GET", "/channels")
GET_CHANNEL = Operation("channels", "get", "GET", "/channels/{channelId}")
GET_CHANNEL_VAR = Operation("channels", "getChannelVar", "GET", "/channels/{channelId}/variable", ("variable",))
HANGUP = Operation("channels", "hangup", "DELETE", "/channels/{channelId}", ("reason_code",))
CONTINUE_IN_DIALPLAN = Operation(
    "channels", "continueInDialplan", "POST", "/channels/{channelId}/continue", ("context", "extension", "priority")
)
SET_CHANNEL_VARS = Operation(
    "channels", "setChannelVars", "POST", "/channels/{channelId}/variables", body="variables"
)
LIST_BRIDGES = Operation("bridges", "list", "GET", "/bridges")
LIST_APPLICATIONS = Operation("applications", "list", "GET", "/applications")
FILTER_EVENTS = Operation(
    "applications", "filter", "PUT", "/applications/{applicationName}/eventFilter", body="filter"
)
GET_OBJECT = Operation("asterisk", "getObject", "GET", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}")
PING = Operation("asterisk", "ping", "GET", "/asterisk/ping")
DELETE_OBJECT = Operation(
    "asterisk", "deleteObject", "DELETE", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}"
)

OPERATIONS = (
    CLAIM_CHANNEL,
    LIST_CHANNELS,
    GET_CHANNEL,
    GET_CHANNEL_VAR,
    HANGUP,
    CONTINUE_IN_DIALPLAN,
    SET_CHANNEL_VARS,
    LIST_BRIDGES,
    LIST_APPLICATIONS,
    FILTER_EVENTS,
    GET_OBJECT,
    PING,
    DELETE_OBJECT,
)
