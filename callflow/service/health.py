"""`/health`, `/ready` and `/metrics` of the running service."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from callflow.service.clock import now
from callflow.service.mail import MailSpool
from callflow.service.metrics import TASKS
from callflow.service.policy_holder import PolicyHolder, PolicySource

ConnectionState = Callable[[], tuple[bool, str | None]]
"""Tell whether a connection is up, and what was wrong last."""


class Health:
    """How the service is, from its parts."""

    def __init__(
        self, *, connections: dict[str, ConnectionState], policy: PolicyHolder, mail: MailSpool, application: str
    ) -> None:
        self._connections = connections
        self._policy = policy
        self._mail = mail
        self._application = application

    def report(self) -> dict[str, Any]:
        """Return everything that an administrator needs at a glance; `status` is `ok` or `degraded`."""
        parts = {name: _connection(*state()) for name, state in self._connections.items()}
        parts["database"] = _connection(self._policy.database_error is None, self._policy.database_error)
        parts["policy"] = self._policy_report()
        parts["mail"] = {
            "ok": self._mail.last_error is None or self._mail.waiting == 0,
            "waiting": self._mail.waiting,
            "refused": self._mail.refused,
            "error": self._mail.last_error,
        }
        status = "ok" if all(part["ok"] for part in parts.values()) else "degraded"
        revision = parts["policy"]["revision"]
        return {"status": status, "application": self._application, "policy_revision": revision, **parts}

    def ready(self) -> bool:
        """Tell whether calls are taken: connected to Asterisk, with a policy to decide by."""
        up, _ = self._connections["ari"]()
        return up and self._policy.held is not None

    def _policy_report(self) -> dict[str, Any]:
        held, errors = self._policy.held, self._policy.follower_errors
        if held is None:
            return {"ok": False, "source": PolicySource.NONE.value, "revision": None, "errors": errors}
        return {
            "ok": held.source is PolicySource.DATABASE and not errors,
            "source": held.source.value,
            "revision": held.policy.revision,
            "age_seconds": round((now() - held.loaded_at).total_seconds(), 1),
            "errors": errors,
        }


def _connection(up: bool, error: str | None) -> dict[str, Any]:
    return {"ok": up, "error": None if up else error}


def health_app(health: Health) -> web.Application:
    """Return the small web application that answers about `health`."""

    async def report(_request: web.Request) -> web.Response:
        return web.json_response(health.report())

    async def ready(_request: web.Request) -> web.Response:
        is_ready = health.ready()
        return web.json_response({"ready": is_ready}, status=200 if is_ready else 503)

    async def metrics(_request: web.Request) -> web.Response:
        TASKS.set(len(asyncio.all_tasks()))
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/health", report)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    return app
