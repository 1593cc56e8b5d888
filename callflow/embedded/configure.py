"""Asterisk's whole configuration on disk, before it starts: base and policy."""

from callflow.asterisk.configuration import AsteriskPaths, write_base
from callflow.asterisk.policy_files import write_policy
from callflow.config import Settings
from callflow.embedded.asterisk import write_command
from callflow.embedded.tools import Tools
from callflow.storage.snapshot import read_snapshot


async def configure_asterisk(settings: Settings, tools: Tools) -> None:
    """Write Asterisk's files, so that phones and numbers stand ready when it starts, also without the service.

    Also the command that starts it, `asterisk/run/asterisk`, for whoever does: deploy/systemd/asterisk.service.

    Raises:
        CallflowError: the database cannot be read, or a setting cannot be rendered.
    """
    write_base(settings, AsteriskPaths(modules=tools.modules_folder, data=tools.asterisk_share))
    write_command(settings, tools)
    write_policy(await read_snapshot(settings.database_url.get_secret_value()), settings)
