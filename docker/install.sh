#!/bin/sh
# Installs what Callflow runs on, as root on Debian: Asterisk, speech, Python and the locked packages (/build/run.txt).
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends \
    asterisk asterisk-core-sounds-en-wav ca-certificates espeak-ng python3 python3-venv sox
rm -rf /var/lib/apt/lists/*
useradd --system --uid 10001 --home-dir /var/lib/callflow callflow
install -d -o callflow -g callflow -m 0711 /var/lib/callflow
python3 -m venv /opt/callflow/venv
/opt/callflow/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /build/run.txt
