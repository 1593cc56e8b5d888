"""Which port a server of the test has got."""

from aiohttp import web


def port_of(runner: web.AppRunner) -> int:
    """Return the port of a runner with one site."""
    [address] = runner.addresses
    port: int = address[1]
    return port
