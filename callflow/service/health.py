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
        self._untold: set[str] = set()

    def report(self) -> dict[str, Any]:
        """Return everything that an administrator needs at a glance; `status` is `ok` or `degraded`."""
        parts = self._facts()
        status = "ok" if all(part["ok"] for part in parts.values()) else "degraded"
        revision = parts["policy"].get("revision")
        return {"status": status, "application": self._application, "policy_revision": revision, **parts}

    def ready(self) -> bool:
        """Tell whether calls are taken: connected to Asterisk, with a policy to decide by, and not stopping."""
        takes_calls = all(self._tell(name)["ok"] for name in ("ari", "calls") if name in self._parts)
        return takes_calls and self._tell("policy").get("revision") is not None

    def wrong(self) -> dict[str, str]:
        """Return the parts that are not well, and why."""
        return {name: str(part["error"]) for name, part in self._facts().items() if not part["ok"]}

    def _facts(self) -> dict[str, Facts]:
        return {name: self._tell(name) for name in self._parts}

    def _tell(self, name: str) -> Facts:
        """Return the facts of a part; one that cannot be asked is not well, and keeps no other from being told."""
        try:
            facts = self._parts[name]()
        except Exception as error:
            if name not in self._untold:
                log.exception("health_not_told", part=name)
            self._untold.add(name)
            return {"ok": False, "error": f"it cannot be told: {str(error) or type(error).__name__}"}
        self._untold.discard(name)
        return facts

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
