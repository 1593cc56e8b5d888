"""PostgreSQL's ODBC driver from Debian, unpacked beside the other tools, for the func_odbc peer."""

from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.debian import PackageSet, unpack
from callflow.embedded.postgres_folder import SUPERUSER, own_password, socket_folder
from callflow.embedded.tools import Tools
from callflow.embedded.unpacked import UnpackedRoot

DRIVER = PackageSet(name="PostgreSQLs ODBC-drivrutin", suite="forky", packages=("odbc-postgresql",))


@dataclass(frozen=True, slots=True)
class OdbcTools(Tools):
    """The same tools, with the driver's libraries in the reach of Asterisk and its data source in `folder`."""

    driver_root: Path = Path()
    settings_folder: Path = Path()

    def command(self, program: str) -> list[str]:
        """Return the arguments that start a program, which may then load the driver."""
        command = Tools.command(self, program)
        if "--library-path" in command:
            at = command.index("--library-path") + 1
            command[at] += f":{UnpackedRoot(self.driver_root).library_folder}"
        return command

    def environment(self) -> dict[str, str]:
        """Return what Asterisk needs in its environment."""
        return {
            **Tools.environment(self),
            "ODBCINI": str(self.settings_folder / "odbc.ini"),
            "ODBCSYSINI": str(self.settings_folder),
        }


def odbc_tools(tools: Tools, folder: Path) -> OdbcTools:
    """Return the tools with the driver, unpacked the first time, and a data source for the server in `folder`."""
    root = unpack(DRIVER, tools.folder / "odbc", print)
    driver = UnpackedRoot(root).library_folder / "odbc" / "psqlodbcw.so"
    server = folder / "postgres"
    source = {
        "Driver": driver,
        "Servername": socket_folder(server),
        "Port": 5432,
        "Database": "postgres",
        "Username": SUPERUSER,
        "Password": own_password(server / "password"),
    }
    settings = folder / "odbc-settings"
    settings.mkdir(mode=0o700)
    (settings / "odbc.ini").write_text(
        "\n".join(["[callflow]", *(f"{key} = {value}" for key, value in source.items()), ""])
    )
    (settings / "odbcinst.ini").touch()
    return OdbcTools(
        folder=tools.folder,
        installed_asterisk=tools.installed_asterisk,
        driver_root=root,
        settings_folder=settings,
    )
