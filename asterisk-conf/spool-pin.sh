#!/bin/sh
# Asterisk's externpass: context, mailbox, new PIN. It is left where the service takes it from, in a file named by mailbox
# and moment, written under a hidden name and then renamed. On a full disk again and again until there is room; the moment
# stays that of the change, so that the later of two that waited is the one that counts.
set -u
umask 077
moment=$(date +%s%N)
until part=$(mktemp "@PIN_SPOOL@/.XXXXXXXXXXXX") && printf %s "$3" > "$part" && mv "$part" "@PIN_SPOOL@/$2.$moment"; do
    rm -f "$part"
    sleep 5
done
