# Starting the services in order; sourced by openstack.sh.
UWSGI="uwsgi --plugin python3 --master --die-on-term --need-app --enable-threads --buffer-size 65535 --thunder-lock --lazy-apps --disable-logging"

# name command… : in the background, in a process group of its own, by which it is stopped.
bg(){
  local name=$1; shift
  setsid nohup "$@" >"$OS_DIR/log/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $(began $!)" >"$OS_DIR/pid/$name"
}
died(){ local pid start; read -r pid start <"$OS_DIR/pid/$1"; ! alive "$pid" "$start"; }
# port name: waits for a listener, but not for one that has ended.
wait_port(){
  for _ in $(seq 1 6000); do
    taken "$1" && return 0
    if died "$2"; then break; fi
    sleep 0.1
  done
  echo "$2 does not listen on port $1:"; tail -5 "$OS_DIR/log/$2.log"; return 1
}
wait_http(){
  local code
  for _ in $(seq 1 2000); do
    code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 20 "http://$L:$1")
    [ "$code" != 000 ] && [ "$code" -lt 500 ] && return 0
    if died "$2"; then break; fi
    sleep 0.2
  done
  echo "$2 does not answer on port $1 (HTTP $code):"; tail -5 "$OS_DIR/log/$2.log"; return 1
}

mariadb_up(){
  if [ ! -d "$OS_DIR/mysql/mysql" ]; then
    mysql_install_db --no-defaults --user="$ME" --datadir="$OS_DIR/mysql" --auth-root-authentication-method=normal --skip-test-db >"$OS_DIR/log/mysql-init.log" 2>&1
  fi
  bg mariadb /usr/sbin/mariadbd --no-defaults --user="$ME" --datadir="$OS_DIR/mysql" --socket=s.sock --bind-address=$L --port="$MARIADB_PORT" --pid-file=pid \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-buffer-pool-size=256M --skip-log-bin --sync-binlog=0 --max-connections=500 \
    --innodb-flush-method=nosync --skip-name-resolve --performance-schema=0
  wait_port "$MARIADB_PORT" mariadb || return 1
  local database
  {
    for database in keystone placement glance nova_api nova_cell0 nova_cell1 neutron cinder gnocchi; do echo "CREATE DATABASE IF NOT EXISTS $database CHARACTER SET utf8;"; done
    echo "CREATE USER IF NOT EXISTS root@'$L'; GRANT ALL ON *.* TO root@'$L' WITH GRANT OPTION;"
  } | (cd "$OS_DIR/mysql" && mariadb -uroot -S s.sock) && say "mariadb up"
}

rabbit_up(){
  cat >"$OS_DIR/rabbit/rabbitmq.conf" <<C
listeners.tcp.local = $L:$RABBIT_PORT
vm_memory_high_watermark.relative = 0.4
disk_free_limit.absolute = 50MB
C
  echo "[]." >"$OS_DIR/rabbit/enabled_plugins"
  export ERL_EPMD_ADDRESS=$L ERL_EPMD_PORT=$EPMD_PORT
  bg epmd "$(command -v epmd)" -address $L -port "$EPMD_PORT"
  wait_port "$EPMD_PORT" epmd || return 1
  HOME=$OS_DIR/rabbit RABBITMQ_NODENAME=os@localhost RABBITMQ_DIST_PORT=$RABBIT_DIST_PORT RABBITMQ_NODE_IP_ADDRESS=$L RABBITMQ_NODE_PORT=$RABBIT_PORT \
  RABBITMQ_CONFIG_FILE=$OS_DIR/rabbit/rabbitmq.conf RABBITMQ_MNESIA_BASE=$OS_DIR/rabbit/mnesia RABBITMQ_LOG_BASE=$OS_DIR/rabbit/log \
  RABBITMQ_ENABLED_PLUGINS_FILE=$OS_DIR/rabbit/enabled_plugins RABBITMQ_CONF_ENV_FILE=/dev/null \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}" \
    bg rabbit /usr/lib/rabbitmq/bin/rabbitmq-server
}

nova_manage(){ "$BIN/nova-manage" --config-file "$OS_DIR/etc/nova/nova.conf" "$@"; }
keystone_manage(){ "$BIN/keystone-manage" --config-file "$OS_DIR/etc/keystone.conf" "$@" >>"$OS_DIR/log/sync-keystone.log" 2>&1; }
keystone_sync(){
  chmod 700 "$OS_DIR/fernet" "$OS_DIR/cred"
  local url=http://$L:$KEYSTONE_PORT/v3
  keystone_manage db_sync && keystone_manage fernet_setup --keystone-user "$ME" --keystone-group "$(id -gn)" &&
    keystone_manage credential_setup --keystone-user "$ME" --keystone-group "$(id -gn)" &&
    keystone_manage bootstrap --bootstrap-password $PW --bootstrap-username admin --bootstrap-project-name admin --bootstrap-role-name admin \
      --bootstrap-service-name keystone --bootstrap-region-id RegionOne --bootstrap-admin-url "$url" --bootstrap-public-url "$url" --bootstrap-internal-url "$url" &&
    say "keystone's database is made"
}
other_syncs(){
  local one two three
  ( "$BIN/glance-manage" --config-file "$OS_DIR/etc/glance-api.conf" db_sync >"$OS_DIR/log/sync-glance.log" 2>&1 &&
    "$BIN/placement-manage" --config-file "$OS_DIR/etc/placement.conf" db sync >"$OS_DIR/log/sync-placement.log" 2>&1 &&
    "$BIN/cinder-manage" --config-file "$OS_DIR/etc/cinder.conf" db sync >"$OS_DIR/log/sync-cinder.log" 2>&1 && say "glance, placement, cinder: databases made" ) & one=$!
  ( { nova_manage api_db sync &&
      nova_manage cell_v2 map_cell0 --database_connection "$(db nova_cell0)" &&
      nova_manage cell_v2 create_cell --name=cell1 && nova_manage db sync; } >"$OS_DIR/log/sync-nova.log" 2>&1 && say "nova: databases made" ) & two=$!
  ( [ -z "$METRICS" ] || { "$BIN/gnocchi-upgrade" --config-file "$OS_DIR/etc/gnocchi.conf" >"$OS_DIR/log/sync-gnocchi.log" 2>&1 && say "gnocchi: database made"; } ) & three=$!
  "$BIN/neutron-db-manage" --config-file "$OS_DIR/etc/neutron.conf" upgrade head >"$OS_DIR/log/sync-neutron.log" 2>&1 && say "neutron: database made" &&
    wait $one && wait $two && wait $three
}

# name port processes threads variables… : a WSGI program of the release behind uwsgi.
wsgi(){
  local name=$1 port=$2 processes=$3 threads=$4; shift 4
  # shellcheck disable=SC2086
  bg "$name" env "$@" $UWSGI $WSGI_PYTHON --add-header "Connection: close" --http-socket "$L:$port" --processes "$processes" --threads "$threads" \
    ${WSGI[$name]} ${WSGI_ARGS:-}
}
helper(){ METRICS=$METRICS LIBVIRT=$LIBVIRT OS_PASSWORD=$PW PYTHONDONTWRITEBYTECODE=1 $PY "$HERE/$1"; }
program(){ local name=$1 module=$2; shift 2; bg "$name" $PY -c "import sys; from $module import main; sys.exit(main())" "$@"; }

services_up(){
  local nova=$OS_DIR/etc/nova/nova.conf cinder=$OS_DIR/etc/cinder.conf
  export PYTHONDONTWRITEBYTECODE=1
  wsgi placement "$PLACEMENT_PORT" 1 2 OS_PLACEMENT_CONFIG_DIR="$OS_DIR/etc"
  glance_up
  neutron_up
  wsgi nova-api "$NOVA_PORT" 2 1 OS_NOVA_CONFIG_DIR="$OS_DIR/etc/nova"
  program nova-conductor nova.cmd.conductor --config-file "$nova"
  bg l2-agent $PY -u "$HERE/l2_agent.py" --config-file "$OS_DIR/etc/neutron.conf"
  program nova-scheduler nova.cmd.scheduler --config-file "$nova"
  bg nova-compute $PY "$HERE/nova_compute.py" --config-file "$nova"
  WSGI_ARGS="--pyargv --config-file=$cinder" wsgi cinder-api "$CINDER_PORT" 1 2
  program cinder-scheduler cinder.cmd.scheduler --config-file "$cinder"
  if [ -n "$METRICS" ]; then
    WSGI_ARGS="--pyargv --config-file=$OS_DIR/etc/gnocchi.conf" wsgi gnocchi-api "$GNOCCHI_PORT" 1 2
    bg gnocchi-metricd "$BIN/gnocchi-metricd" --config-file "$OS_DIR/etc/gnocchi.conf"
  fi
  PYTHONPATH=$HERE program cinder-volume cinder.cmd.volume --config-file "$cinder"
  wait_http "$PLACEMENT_PORT/" placement && wait_http "$GLANCE_PORT/" glance && wait_http "$NEUTRON_PORT/" neutron &&
    wait_http "$NOVA_PORT/" nova-api && wait_http "$CINDER_PORT/" cinder-api && { [ -z "$METRICS" ] || wait_http "$GNOCCHI_PORT/" gnocchi-api; } && say "APIs answer"
}

# host name: the scheduler knows a compute host, run by a process of this name, only once it is mapped into its cell.
map_host(){
  for _ in $(seq 1 300); do
    nova_manage cell_v2 discover_hosts --by-service >>"$OS_DIR/log/discover.log" 2>&1
    nova_manage cell_v2 list_hosts 2>/dev/null | grep -q "$1" && return 0
    died "$2" && break
    sleep 1
  done
  echo "$2 never reported:"; tail -5 "$OS_DIR/log/$2.log"; return 1
}

# Everything, in order. A fresh state is synced and seeded; one of an earlier run in good order is used again.
start(){
  local fresh="" identity
  [ -f "$OS_DIR/synced" ] || fresh=1
  mkdir -p "$OS_DIR/pid"; conf
  rabbit_up && mariadb_up || return 1
  if [ $fresh ]; then keystone_sync || { tail -5 "$OS_DIR/log/sync-keystone.log"; return 1; }; fi
  wsgi keystone "$KEYSTONE_PORT" 2 2 OS_KEYSTONE_CONFIG_FILES="$OS_DIR/etc/keystone.conf" OS_KEYSTONE_CONFIG_DIR="$OS_DIR/etc"
  wait_http "$KEYSTONE_PORT/v3" keystone || return 1
  say "keystone up"
  if [ $fresh ]; then
    helper identity.py & identity=$!
    other_syncs || { tail -n 5 "$OS_DIR"/log/sync-*.log; return 1; }
    wait $identity || return 1
  fi
  wait_port "$RABBIT_PORT" rabbit && services_up || return 1
  if [ $fresh ]; then map_host compute1 nova-compute || return 1; fi
  helper reporting.py || return 1
  if [ $fresh ]; then helper seed.py || return 1; touch "$OS_DIR/synced"; say "seeded"; fi
  all_live && write_clouds_yaml
}
all_live(){
  local file
  for file in "$OS_DIR"/pid/*; do
    if died "$(basename "$file")"; then echo "$(basename "$file") ended by itself:"; tail -n 5 "$OS_DIR/log/$(basename "$file").log" "$OS_DIR"/log/*-app.log; return 1; fi
  done
}

# As the OpenStack tools read it.
write_clouds_yaml(){
  local user
  { echo "clouds:"; for user in demo admin; do cat <<C; done; } >"$OS_DIR/clouds.yaml"
  $user:
    auth: { auth_url: 'http://$L:$KEYSTONE_PORT/v3', username: $user, password: $PW, project_name: $user, user_domain_name: Default, project_domain_name: Default }
    region_name: RegionOne
    interface: public
    identity_api_version: 3
C
}
