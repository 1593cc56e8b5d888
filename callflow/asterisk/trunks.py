"""`generated/trunk.conf`: where the trunk's calls go to and come from."""

from collections.abc import Sequence
from ipaddress import ip_address

from callflow.asterisk.conf_text import conf_value


def trunk_conf(addresses: Sequence[tuple[str, int]]) -> str:
    """Return the file for the trunk at these (host, port), the first of which takes the calls out.

    A caller from the trunk has its contact in CF_TRUNK, empty for IPv6 (dialplan/interpreter.conf, `phone`).
    No qualify: a trunk that came up later than the last OPTIONS must take an emergency call at once. Raises
    `ConfigurationError` when a host cannot stand in a file.
    """
    hosts = [conf_value(host, "a trunk's host") for host, _ in addresses]
    contact = f"sip:{_in_uri(hosts[0])}:{addresses[0][1]}"
    return "\n".join(
        (
            "[trunk]",
            "type = aor",
            f"contact = {contact}",
            "qualify_frequency = 0",
            "",
            "[trunk](+type=endpoint)",
            f"set_var = __CF_TRUNK={'' if '[' in contact else contact}",
            "",
            "[trunk]",
            "type = identify",
            "endpoint = trunk",
            *(f"match = {host}" for host in dict.fromkeys(hosts)),
            "",
        )
    )


def _in_uri(host: str) -> str:
    """Return a host as a URI has it: an IPv6 address in brackets."""
    try:
        return f"[{host}]" if ip_address(host).version == 6 else host  # noqa: PLR2004 - IPv6
    except ValueError:
        return host
