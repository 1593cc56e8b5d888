#!/bin/sh
# Installs Callflow itself from /opt/callflow/source, on what install.sh made.
set -eu
/opt/callflow/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e /opt/callflow/source
/opt/callflow/venv/bin/python -m compileall -q /opt/callflow/source/callflow
