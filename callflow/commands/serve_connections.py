"""The ways in which `callflow serve` speaks to Asterisk."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from callflow.asterisk.ami_connection import AmiAddress, AmiConnection
from callflow.asterisk.ari import APPLICATION_PREFIX
from callflow.asterisk.ari_connection import AriAddress, AriConnection
from callflow.config import Settings
from callflow.service.health_parts import Facts, connection_facts

LOOPBACK = "127.0.0.1"
"""Where AMI listens, whatever else is opened (asterisk-conf/manager.conf)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The ways to Asterisk. Reloads have one of their own: AMI does one action after the other, and no ringing may
    wait for them.
    """

    ari: AriConnection
    ami: AmiConnection
    reloading: AmiConnection


def connections(chosen: Settings) -> Connections:
    """Return the ways to Asterisk, none of them up yet."""
    ami, reloading = ami_connection(chosen, "call,user"), ami_connection(chosen, "off")
    return Connections(ari=ari_connection(chosen), ami=ami, reloading=reloading)


def connections_facts(to: Connections) -> dict[str, Callable[[], Facts]]:
    """Return what tells of each connection to Asterisk."""
    return {
        "ari": lambda: connection_facts(lambda: (to.ari.connected, to.ari.error)),
        "ami": lambda: connection_facts(lambda: (to.ami.connected, to.ami.error)),
        "reloading": lambda: connection_facts(lambda: (to.reloading.connected, to.reloading.error)),
    }


def ari_connection(chosen: Settings) -> AriConnection:
    """Return the ARI connection, under an application name that no other process has."""
    return AriConnection(
        AriAddress(
            host=chosen.http_host,
            port=chosen.http_port,
            username=chosen.ari_username,
            password=chosen.ari_password.get_secret_value(),
            application=f"{APPLICATION_PREFIX}-{secrets.token_hex(3)}",
        )
    )


def ami_connection(chosen: Settings, events: str) -> AmiConnection:
    """Return a connection to AMI that gets these classes of events."""
    return AmiConnection(
        AmiAddress(
            host=LOOPBACK,
            port=chosen.ami_port,
            username=chosen.ami_username,
            password=chosen.ami_password.get_secret_value(),
            events=events,
        )
    )
