#!/bin/sh
# Asterisk's externpass: context, mailbox, new PIN. It is left where the service takes it from, in a file named by mailbox
# and moment, written under a hidden name and then renamed. On a full disk again and again until there is room.
set -u
umask 077
until part=$(mktemp "@PIN_SPOOL@/.XXXXXXXXXXXX") && printf %s "$3" > "$part"; do
    rm -f "$part"
    sleep 5
done
mv "$part" "@PIN_SPOOL@/$2.$(date +%s%N)"
