"""`callflow serve`: takes calls until it is asked to stop, and then finishes what it has in hand."""

import asyncio
import faulthandler
from contextlib import suppress
from typing import Annotated

import structlog
import typer
import uvloop
from aiohttp import web

from callflow.commands.serve_parts import Service, ServiceStartError, compose
from callflow.config import Settings, settings
from callflow.logs import Format, configure_logging
from callflow.service.health import Health, health_app
from callflow.service.pauses import keep_pauses_short
from callflow.service.running import stop_asked

log = structlog.get_logger(__name__)

FINISH_SECONDS = 8.0
"""How long a stop may take: whoever asked for it ends the process by force after ten seconds."""


def command(
    log_format: Annotated[
        Format, typer.Option("--log-format", help="How log lines are written to stderr.")
    ] = "logfmt",
    log_level: Annotated[str, typer.Option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Take calls from Asterisk and give each its plan, until SIGTERM or Ctrl-C."""
    configure_logging(form=log_format, level=log_level.upper())
    faulthandler.enable()  # what the watchdog ends says where it stood
    keep_pauses_short()
    uvloop.run(serve(settings()))


async def serve(chosen: Settings) -> None:
    """Run the service until it is asked to stop; then finish what is in hand."""
    service = compose(chosen)
    await service.policy.start()
    runner = await serve_health(service.health, chosen)
    service.parts.start()
    try:
        await stop_asked()
        log.info("stopping", in_hand=service.control.in_hand)
        service.systemd.tell("STOPPING=1")
        await finish(service)
    finally:
        await service.parts.stop()
        service.changes.close()
        service.calendars.close()
        await runner.cleanup()
        log.info("stopped")


async def finish(service: Service) -> None:
    """Claim no more calls; give what is claimed its plan, and bring to disk what waits for it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            await service.control.stop()
            await asyncio.gather(
                service.guard.finish(), service.policy.finish(), service.mail.finish(), service.outbox.finish()
            )


async def serve_health(health: Health, chosen: Settings) -> web.AppRunner:
    """Answer about health; raise `ServiceStartError` when the port is taken."""
    runner = web.AppRunner(health_app(health), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, chosen.service_host, chosen.service_port).start()
    except OSError as error:
        await runner.cleanup()
        where = f"{chosen.service_host}:{chosen.service_port}"
        raise ServiceStartError(
            f"{where} cannot be had: {error.strerror}. Set CALLFLOW_SERVICE_PORT to a free one."
        ) from error
    return runner
