"""REGISTER as no well-behaved phone sends it: with whatever contacts a test wants."""

import hashlib
import re
import secrets
import socket

SECONDS = 5.0


def register(
    server: str, username: str, password: str, contacts: list[str], host: str = "127.0.0.1", *, own_port: int = 0
) -> str:
    """Register `contacts` (each may hold `{me}`, where this socket is) at `server`; return the last answer's line.

    Blocks: call it in a thread. What is registered stays when the socket is gone. Asterisk calls back where the
    request came from: `own_port` is where another program is to take the calls, 0 for any.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(SECONDS)
        phone.bind((host, own_port))
        address, port = server.split(":")
        me = f"{host}:{phone.getsockname()[1]}"
        lines = [f"Contact: {contact.format(me=me)}" for contact in contacts]
        phone.connect((address, int(port)))
        challenge = _ask(phone, _request(server, username, me, 1, lines))
        answer = _authorization(challenge, server, username, password)
        return _ask(phone, _request(server, username, me, 2, [*lines, answer])).partition("\r\n")[0]


def _request(server: str, username: str, me: str, number: int, lines: list[str]) -> str:
    head = [
        f"REGISTER sip:{server} SIP/2.0",
        f"Via: SIP/2.0/UDP {me};rport;branch=z9hG4bK{secrets.token_hex(6)}",
        f"From: <sip:{username}@{server}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{username}@{server}>",
        f"Call-ID: {secrets.token_hex(8)}",
        f"CSeq: {number} REGISTER",
        "Max-Forwards: 70",
        "Expires: 300",
    ]
    return "\r\n".join([*head, *lines, "Content-Length: 0", "", ""])


def _ask(phone: socket.socket, request: str) -> str:
    phone.send(request.encode())
    while True:
        answer = phone.recv(65_535).decode()
        if answer.startswith("SIP/2.0") and not answer.startswith("SIP/2.0 1"):
            return answer


def _authorization(challenge: str, server: str, username: str, password: str) -> str:
    """Return the header that answers a digest challenge (RFC 2617)."""
    given = dict(re.findall(r'(\w+)="?([^",\s]+)"?', challenge.partition("WWW-Authenticate: Digest ")[2]))
    count, own = "00000001", secrets.token_hex(4)
    secret = _md5(f"{username}:{given['realm']}:{password}")
    asked = _md5(f"REGISTER:sip:{server}")
    response = _md5(f"{secret}:{given['nonce']}:{count}:{own}:auth:{asked}")
    return (
        f'Authorization: Digest username="{username}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
        f'uri="sip:{server}", response="{response}", algorithm=MD5, qop=auth, nc={count}, cnonce="{own}", '
        f'opaque="{given.get("opaque", "")}"'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
