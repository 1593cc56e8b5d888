"""Ending what is registered at accounts that were removed, so that no later account of the name inherits a phone."""

from http import HTTPStatus

import msgspec
import structlog

from callflow.asterisk.ari_connection import AriConnection, AriRequestError
from callflow.asterisk.ari_operations import DELETE_OBJECT, GET_GLOBAL_VAR
from callflow.asterisk.conf_text import account_name

log = structlog.get_logger(__name__)


class _Variable(msgspec.Struct):
    value: str


async def end_registrations(connection: AriConnection, account: str) -> None:
    """Delete the contacts at the AOR of `account`, which must still be there (`ps_aors` in replica.sql).

    Raises:
        CallflowError: Asterisk did not answer, or refused.
    """
    query = {"variable": f"PJSIP_AOR({account_name(account)},contact)"}
    answer = await connection.request(GET_GLOBAL_VAR, query=query)
    if answer.status_code != HTTPStatus.OK:
        raise AriRequestError(GET_GLOBAL_VAR.nickname, answer.status_code, answer.reason_phrase)
    for contact in filter(None, msgspec.json.decode(answer.message_body, type=_Variable).value.split(",")):
        path = {"configClass": "res_pjsip", "objectType": "contact", "id": contact}
        answer = await connection.request(DELETE_OBJECT, path)
        if answer.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
            raise AriRequestError(DELETE_OBJECT.nickname, answer.status_code, answer.reason_phrase)
        log.info("registration_ended", account=account)
