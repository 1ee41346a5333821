#!/usr/bin/env bash
# Private PostgreSQL and MariaDB servers for the tests, and a RabbitMQ node for measuring.
#   tests/servers.sh install        Debian's packages, where they are missing
#   tests/servers.sh start DIR [durable]   new instances in DIR on free loopback ports; writes DIR/env to be sourced; durable: synced as in production, for measuring
#   tests/servers.sh broker DIR     a RabbitMQ node beside them, installed where it is missing; adds EXCHANGE_BENCH_RABBITMQ to DIR/env
#   tests/servers.sh stop DIR       ends them and removes DIR
set -euo pipefail

become() { # become USER COMMAND…: this shell turns into the command, so that its process id is the server's; servers refuse to run as root
    local user=$1; shift
    if [ "$(id -u)" = 0 ]; then exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"; else exec "$@"; fi
}

pgbin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

install() {
    local missing=()
    [ -n "$(pgbin)" ] && [ -x "$(pgbin)/initdb" ] || missing+=(postgresql)
    command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
    # Sets the clock of a hub that is tried, and of nothing else.
    ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing+=(libfaketime)
    [ ${#missing[@]} = 0 ] && return 0
    echo "installing ${missing[*]} from Debian's packages" >&2
    local sudo=''; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    # Debian starts a shared server of its own on install; the tests use private ones only.
}

free_port() { python3 - 2>/dev/null <<'P' || perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen=>1,LocalAddr=>"127.0.0.1",LocalPort=>0)->sockport'
import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
P
}

wait_for() { # wait_for WHAT LOG COMMAND…
    local what=$1 log=$2; shift 2
    for _ in $(seq 1 300); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
    echo "$what did not start:" >&2; tail -n 20 "$log" >&2; return 1
}

start() {
    local dir=$1 durable=${2:-} bin pgport myport
    # Tests try the hub, not the server's disk. wal_level logical: change capture from the log needs it.
    local pgsync=(-c fsync=off -c full_page_writes=off -c shared_buffers=128MB) mysync=(--innodb-flush-log-at-trx-commit=0)
    [ "$durable" != durable ] || { pgsync=(-c shared_buffers=1GB -c max_wal_size=4GB) mysync=(--innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=1G --innodb-log-file-size=1G); }
    install
    mkdir -p "$dir/run"; chmod 755 "$dir"
    bin=$(pgbin)
    mkdir -p "$dir/pg" "$dir/my" "$dir/run"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir/pg"; chown mysql "$dir/my"; chmod 777 "$dir/run"; fi

    pgport=$(free_port)
    (become postgres "$bin/initdb" -D "$dir/pg" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8) >"$dir/run/initdb.log" 2>&1
    become postgres "$bin/postgres" -D "$dir/pg" -p "$pgport" -k '' -c listen_addresses=127.0.0.1 "${pgsync[@]}" \
        -c max_connections=300 -c wal_level=logical >"$dir/run/pg.log" 2>&1 &
    echo $! >"$dir/run/pg.pid"

    myport=$(free_port)
    local my=(--no-defaults --datadir="$dir/my"); [ "$(id -u)" = 0 ] && my+=(--user=mysql)
    mariadb-install-db "${my[@]}" --auth-root-authentication-method=normal --skip-test-db >"$dir/run/my-install.log" 2>&1
    PATH=$PATH:/usr/sbin mariadbd "${my[@]}" --port="$myport" --bind-address=127.0.0.1 --socket="$dir/run/my.sock" --pid-file="$dir/my/my.pid" \
        "${mysync[@]}" --local-infile=1 --max-allowed-packet=256M --max-connections=300 --character-set-server=utf8mb4 >"$dir/run/my.log" 2>&1 &
    echo $! >"$dir/run/my.pid"

    wait_for PostgreSQL "$dir/run/pg.log" "$bin/pg_isready" -h 127.0.0.1 -p "$pgport"
    wait_for MariaDB "$dir/run/my.log" mariadb-admin --no-defaults --socket="$dir/run/my.sock" -u root ping
    mariadb --no-defaults --socket="$dir/run/my.sock" -u root -e \
        "create user exchange@127.0.0.1 identified by 'exchange'; create user exchange@localhost identified by 'exchange'; grant all on *.* to exchange@127.0.0.1 with grant option; grant all on *.* to exchange@localhost with grant option"
    cat >"$dir/env" <<ENV
export EXCHANGE_TEST_POSTGRESQL='Host=127.0.0.1;Port=$pgport;Username=postgres;Database=postgres'
export EXCHANGE_TEST_MYSQL='Server=127.0.0.1;Port=$myport;User ID=exchange;Password=exchange'
ENV
}

broker() {
    local dir=$1 port mapper nodes
    if ! command -v rabbitmq-server >/dev/null; then
        echo "installing rabbitmq-server from Debian's packages" >&2
        local sudo=''; [ "$(id -u)" = 0 ] || sudo=sudo
        $sudo apt-get update -qq >&2
        # A shared node that the package would start is not wanted here, and takes the ports of the name service.
        DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $sudo apt-get install -y -qq --no-install-recommends rabbitmq-server >/dev/null
    fi

    mkdir -p "$dir/mq"; [ "$(id -u)" != 0 ] || chown rabbitmq "$dir/mq"
    port=$(free_port) mapper=$(free_port) nodes=$(free_port)
    export HOME=$dir/mq ERL_EPMD_PORT=$mapper ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME="exchange@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$nodes ERL_CRASH_DUMP=$dir/mq/crash \
        RABBITMQ_MNESIA_BASE=$dir/mq RABBITMQ_LOG_BASE=$dir/mq RABBITMQ_ENABLED_PLUGINS_FILE=$dir/mq/plugins RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$dir/mq/none \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
    become rabbitmq epmd -port "$mapper" -address 127.0.0.1 >"$dir/run/epmd.log" 2>&1 &
    echo $! >"$dir/run/epmd.pid"
    become rabbitmq "$(rabbitmq_home)/sbin/rabbitmq-server" >"$dir/run/mq.log" 2>&1 &
    echo $! >"$dir/run/mq.pid"
    wait_for RabbitMQ "$dir/run/mq.log" grep -q 'Starting broker... completed' "$dir/run/mq.log"
    echo "export EXCHANGE_BENCH_RABBITMQ=amqp://guest:guest@127.0.0.1:$port" >>"$dir/env"
}

# The programs themselves: what Debian puts on the path is a wrapper that changes the user and the settings.
rabbitmq_home() { ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-* | sort -V | tail -n 1; }

stop() {
    local dir=$1 pid
    # PostgreSQL gives its shared memory back only when it is told to end.
    [ ! -f "$dir/run/pg.pid" ] || { kill -QUIT "$(cat "$dir/run/pg.pid")" 2>/dev/null && for _ in $(seq 1 100); do kill -0 "$(cat "$dir/run/pg.pid")" 2>/dev/null || break; sleep 0.05; done; } || true
    for pid in "$dir"/run/*.pid; do [ -f "$pid" ] && { pkill -9 -P "$(cat "$pid")" 2>/dev/null; kill -9 "$(cat "$pid")" 2>/dev/null; } || true; done
    for pid in "$dir"/run/*.pid; do [ -f "$pid" ] && while kill -0 "$(cat "$pid")" 2>/dev/null; do sleep 0.05; done || true; done
    rm -rf "$dir"
}

case ${1:-} in
    install) install ;;
    start) start "$2" "${3:-}" ;;
    broker) broker "$2" ;;
    stop) stop "$2" ;;
    *) sed -n '2,6p' "$0"; exit 2 ;;
esac
