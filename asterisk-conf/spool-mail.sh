#!/bin/sh
# Asterisk's mailcmd: keep the message on stdin where the service sends from. Written under a hidden name and then
# renamed, so that nobody reads half a message.
set -eu
umask 077
part=$(mktemp "@MAIL_SPOOL@/.XXXXXXXXXXXX")
cat > "$part"
mv "$part" "@MAIL_SPOOL@/$(basename "$part" | cut -c2-).eml"
