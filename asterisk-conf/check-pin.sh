#!/bin/sh
# Asterisk's externpasscheck: mailbox, context, old PIN, new PIN. The rules are those of the policy database (mailbox_pin_safe),
# so that who changes a PIN by phone hears at once that it is too easy to guess.
set -u
mailbox=$1 pin=$4
first=$(printf %.1s "$pin")
case $pin in
    '' | *[!0-9]* | ? | ?? | ??? | ???????????* | "$mailbox") echo INVALID; exit ;;
    *[!"$first"]*) ;;
    *) echo INVALID; exit ;;
esac
case 01234567890,09876543210 in
    *"$pin"*) echo INVALID ;;
    *) echo VALID ;;
esac
