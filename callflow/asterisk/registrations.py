"""Ending what is registered at accounts that were removed, so that no later account of the name inherits a phone."""

from http import HTTPStatus

import structlog

from callflow.asterisk.ami import Ami
from callflow.asterisk.ari_connection import AriConnection, AriRequestError
from callflow.asterisk.ari_operations import DELETE_OBJECT
from callflow.asterisk.conf_text import account_name

log = structlog.get_logger(__name__)


async def end_registrations(ami: Ami, ari: AriConnection, account: str) -> None:
    """Delete the contacts at the AOR of `account`, which must still be there (`ps_aors` in replica.sql).

    AMI finds them and ARI deletes them, each doing what the other cannot.

    Raises:
        CallflowError: Asterisk did not answer, or refused.
    """
    contacts = await ami.function_value(f"PJSIP_AOR({account_name(account)},contact)")
    for contact in filter(None, contacts.split(",")):
        path = {"configClass": "res_pjsip", "objectType": "contact", "id": contact}
        answer = await ari.request(DELETE_OBJECT, path)
        if answer.status_code not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            raise AriRequestError(DELETE_OBJECT.nickname, answer.status_code, answer.reason_phrase)
        log.info("registration_ended", account=account)
