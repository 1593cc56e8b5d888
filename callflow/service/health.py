"""`/health`, `/ready` and `/metrics` of the running service; docs/monitoring.md tells what each part means."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from callflow.service.health_metrics import HealthMetrics
from callflow.service.health_parts import Facts

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5


class Health:
    """How the service is, from its parts."""

    def __init__(self, parts: Mapping[str, Callable[[], Facts]], *, application: str) -> None:
        """Take what tells the facts of each part; `policy` and `ari` must be among them."""
        self._parts = dict(parts)
        self._application = application
        self._wrong: set[str] = set()

    def report(self) -> dict[str, Any]:
        """Return everything that an administrator needs at a glance; `status` is `ok` or `degraded`."""
        parts = {name: facts() for name, facts in self._parts.items()}
        status = "ok" if all(part["ok"] for part in parts.values()) else "degraded"
        revision = parts["policy"]["revision"]
        return {"status": status, "application": self._application, "policy_revision": revision, **parts}

    def ready(self) -> bool:
        """Tell whether calls are taken: connected to Asterisk, with a policy to decide by, and not stopping."""
        calls = self._parts.get("calls")
        return self._parts["ari"]()["ok"] and self._parts["policy"]()["revision"] is not None and (
            calls is None or calls()["ok"]
        )  # fmt: skip

    def wrong(self) -> dict[str, str]:
        """Return the parts that are not well, and why."""
        facts = {name: tell() for name, tell in self._parts.items()}
        return {name: str(part["error"]) for name, part in facts.items() if not part["ok"]}

    async def run(self) -> None:
        """Tell in the log when a part goes wrong and when it is well again, until cancelled."""
        while True:
            wrong = self.wrong()
            for name in wrong.keys() - self._wrong:
                log.warning("health_degraded", part=name, reason=wrong[name])
            for name in self._wrong - wrong.keys():
                log.info("health_restored", part=name)
            self._wrong = set(wrong)
            await asyncio.sleep(LOOK_SECONDS)


def health_app(health: Health) -> web.Application:
    """Return the small web application that answers about `health`."""
    gauges = CollectorRegistry()
    gauges.register(HealthMetrics(health.report))

    async def report(_request: web.Request) -> web.Response:
        return web.json_response(health.report())

    async def ready(_request: web.Request) -> web.Response:
        is_ready = health.ready()
        return web.json_response({"ready": is_ready}, status=200 if is_ready else 503)

    async def metrics(_request: web.Request) -> web.Response:
        body = generate_latest() + generate_latest(gauges)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/health", report)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    return app
