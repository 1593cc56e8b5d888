#!/bin/sh
# Asterisk's mailcmd: keep the message on stdin where the service sends from. Written under a hidden name and then
# renamed, so that nobody reads half a message. Asterisk waits for nothing here and keeps the message's file until the
# end: on a full disk it is written again and again until there is room, from its beginning, also when Asterisk has ended
# meanwhile (KillMode in asterisk.service).
set -u
umask 077
until part=$(mktemp "@MAIL_SPOOL@/.XXXXXXXXXXXX") && cat /dev/stdin > "$part" &&
    mv "$part" "@MAIL_SPOOL@/$(basename "$part" | cut -c2-).eml"; do
    rm -f "$part"
    sleep 5
done
