# Asterisk 22 (LTS) as Debian packages it, run on the configuration that Callflow renders into the shared volume.
FROM debian:forky-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-wav \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/callflow --create-home callflow
USER callflow
VOLUME /var/lib/callflow
# The configuration is made by `callflow configure`, which compose runs first.
CMD ["asterisk", "-f", "-C", "/var/lib/callflow/asterisk/etc/asterisk.conf"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["asterisk", "-C", "/var/lib/callflow/asterisk/etc/asterisk.conf", "-rx", "core waitfullybooted"]
