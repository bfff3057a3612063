#!/bin/sh
# Runs a command of the house with what systemd gives the services: their user, settings and secrets. As root:
#
#   install -m 0755 deploy/systemd/as-service.sh /usr/local/sbin/esteio
#   esteio doctor
#
# The secrets are files that only root reads. A unit that lives as long as the command is handed them, and they are in no
# environment, no command line and no log.
set -eu

command=/opt/esteio/current/bin/esteio
credentials=/etc/esteio/credentials

backup=
if [ -e "$credentials/backup_database_url" ]; then
    backup="--property=LoadCredential=backup_database_url:$credentials/backup_database_url"
fi

# Variables are for the shell within the unit: systemd alone knows where the credentials are then.
# shellcheck disable=SC2016
inside='
    cd /var/lib/esteio
    export ESTEIO_SECRET_KEY_FILE="$CREDENTIALS_DIRECTORY/secret_key"
    export ESTEIO_DATABASE__URL_FILE="$CREDENTIALS_DIRECTORY/database_url"
    export ESTEIO_REDIS__URL_FILE="$CREDENTIALS_DIRECTORY/redis_url"
    if [ -e "$CREDENTIALS_DIRECTORY/backup_database_url" ]; then
        export ESTEIO_BACKUP__DATABASE_URL_FILE="$CREDENTIALS_DIRECTORY/backup_database_url"
    fi
    exec "$0" "$@"
'

exec systemd-run --quiet --collect --pipe --wait --uid=esteio --gid=esteio \
    --property=EnvironmentFile=/etc/esteio/esteio.env --property=EnvironmentFile=-/etc/esteio/backup.env \
    --property="LoadCredential=secret_key:$credentials/secret_key" \
    --property="LoadCredential=database_url:$credentials/database_url" \
    --property="LoadCredential=redis_url:$credentials/redis_url" \
    ${backup:+"$backup"} \
    /bin/sh -c "$inside" "$command" "$@"
