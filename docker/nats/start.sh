#!/bin/sh
# An acknowledgement means "on disk" only where the server syncs before it answers. That setting
# came with NATS 2.10; an older server refuses a file that names it, so it is written by version.
set -eu
case "$(nats-server --version)" in
  *v2.[0-9].*) setting='' ;;
  *) setting='sync_interval: always' ;;
esac
cp /etc/event-analytics/nats.conf /tmp/nats.conf
echo "$setting" >/tmp/sync.conf
exec nats-server --config /tmp/nats.conf
