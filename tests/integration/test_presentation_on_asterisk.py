"""The running Asterisk's own word for what its trunk would show (R17)."""

from collections.abc import Callable, Iterator

import pytest

from callflow.asterisk.ari import Ari
from callflow.asterisk.ari_connection import AriConnection
from callflow.asterisk.trunk_settings import GLOBAL_MUST, TRUNK_MUST
from callflow.embedded.asterisk import EmbeddedAsterisk
from tests.asterisks import ari_address, asterisk
from tests.fakes.running import running
from tests.fakes.waiting import until, until_told

__all__ = ["asterisk"]

WRONG = {
    "from_user": "090161000",
    "callerid": "<090161000>",
    "trust_id_outbound": "yes",
    "send_rpid": "yes",
    "send_diversion": "yes",
    "send_history_info": "yes",
    "send_connected_line": "yes",
    "allow_transfer": "yes",
}
"""Without `stir_shaken`, which stays off by itself while its module is not loaded."""


@pytest.fixture
def by_hand(asterisk: EmbeddedAsterisk) -> Iterator[Callable[[], None]]:
    """Give what makes every setting wrong in Asterisk's file, which is put right again afterwards."""
    path = asterisk.settings.asterisk_folder / "etc" / "pjsip.conf"
    ours = path.read_text(encoding="utf-8")

    def make_wrong() -> None:
        changed = ours
        for name in WRONG:
            changed = changed.replace(f"\n{name} = no\n", "\n", 1)
        lines = "\n".join(f"{name} = {value}" for name, value in WRONG.items())
        changed = changed.replace("[trunk]\ntype = endpoint\n", f"[trunk]\ntype = endpoint\n{lines}\n", 1)
        changed = changed.replace(
            "[global]\ntype = global\n", "[global]\ntype = global\nuse_callerid_contact = yes\n"
        )
        path.write_text(changed, encoding="utf-8")

    yield make_wrong
    path.write_text(ours, encoding="utf-8")


async def test_what_we_render_shows_nothing_and_each_setting_by_hand_is_found(
    asterisk: EmbeddedAsterisk, by_hand: Callable[[], None]
) -> None:
    assert {*WRONG, "stir_shaken"} == TRUNK_MUST.keys()
    assert list(GLOBAL_MUST) == ["use_callerid_contact"]
    connection = AriConnection(ari_address(asterisk))
    async with running(connection.run()):
        await until(lambda: connection.connected, "the connection")
        ari = Ari(connection)
        assert await ari.presentation_faults() == ()
        by_hand()
        await asterisk.console("module reload res_pjsip.so")

        async def found() -> bool:
            names = {fault.split(": ")[1].split()[0] for fault in await ari.presentation_faults()}
            return names == {*WRONG, *GLOBAL_MUST}

        await until_told(found, "every fault")
