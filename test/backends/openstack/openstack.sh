#!/bin/bash
# A real OpenStack control plane on 127.0.0.1: keystone, glance, placement, nova, neutron, cinder, and gnocchi (Zed), over MariaDB and
# RabbitMQ, as plain processes. nova-compute runs nova's own fake driver, cinder-volume its logging driver (sparse_volumes.py), neutron the stock
# openvswitch mechanism with a stand-in agent (l2_agent.py): no hypervisor, no systemd, no container.
#
# OPENSTACK_RELEASE says which release: `debian` (Zed, Debian 12's packages; where nothing is said) or `pypi` (2026.2, from PyPI).
#
#   openstack.sh available        exit 0 where the release is installed, else says what is missing
#   openstack.sh install          installs it with apt-get (root), and pip
#   openstack.sh use PID          starts the services unless they run; PID keeps them running until it leaves or ends
#   openstack.sh leave PID        stops them when no living PID uses them any more
#   openstack.sh hypervisor       asks whether servers can really run here: exit 0, or words and exit 1 (missing), 3 (cannot be)
#   openstack.sh hypervisor-up    starts the host on which they do, beside the services that run
#   openstack.sh up | down        by hand: start and keep until `down`
#
# OS_DIR is where its state goes (default: .backends/openstack or .backends/openstack-pypi of the checkout). Ports: the defaults below
# (the second release's: 10000 higher) where they are free, else others; a port given in the environment is taken or refused. What runs
# where stands in $OS_DIR/ports; logs are in $OS_DIR/log.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
BACKENDS=$(cd "$HERE/../../.." && pwd)/.backends
PW=secret
L=127.0.0.1
ME=$(id -un)

say(){ printf '[%4ds] %s\n' "$SECONDS" "$*"; }
fail(){ echo "$*" >&2; exit 1; }

# A release tells: RELEASE_NAME; PORTS_FROM, how far its default ports are moved; PY, BIN, ETC, where its Python, programs and configurations
# are; PACKAGES, PROGRAMS of Debian that it needs besides those below; release_missing, release_install; WSGI_PYTHON and WSGI, words for
# uWSGI, of all and of each API; RPC_WORKERS of Neutron; POLICIES beside the tests' own; METRICS, not empty where it has Gnocchi; glance_up,
# neutron_up, how those two are started.
RELEASE=${OPENSTACK_RELEASE:-debian}
[ -f "$HERE/releases/$RELEASE.sh" ] || { echo "OPENSTACK_RELEASE=$RELEASE is none of: $(cd "$HERE/releases" && echo *.sh | sed 's/\.sh//g')" >&2; exit 2; }
FOLDER=$BACKENDS/openstack; [ "$RELEASE" = debian ] || FOLDER=$FOLDER-$RELEASE
. "$HERE/releases/$RELEASE.sh"
OS_DIR=${OS_DIR:-$FOLDER}
PORTS="KEYSTONE_PORT=5000 GLANCE_PORT=9292 PLACEMENT_PORT=8778 NOVA_PORT=8774 NEUTRON_PORT=9696 CINDER_PORT=8776 GNOCCHI_PORT=8041 MARIADB_PORT=13306 RABBIT_PORT=15672 RABBIT_DIST_PORT=15673 EPMD_PORT=14369"
declare -A ASKED
for entry in $PORTS; do ASKED[${entry%%=*}]=$(printenv "${entry%%=*}"); done
. "$HERE/conf.sh"
. "$HERE/services.sh"
. "$HERE/hypervisor.sh"

PACKAGES="$PACKAGES uwsgi-core uwsgi-plugin-python3 rabbitmq-server mariadb-server curl qemu-utils"
PROGRAMS="$PROGRAMS /usr/bin/uwsgi /usr/lib/rabbitmq/bin/rabbitmq-server /usr/sbin/mariadbd /usr/bin/curl /usr/bin/flock"

# Words for what is missing of Debian's, if anything is.
programs_missing(){
  local missing="" program
  for program in $PROGRAMS; do [ -x "$program" ] || missing="$missing $(basename "$program")"; done
  echo $missing
}
available(){
  local missing; missing=$(echo $(programs_missing) $(release_missing))
  [ -z "$missing" ] || { echo "OpenStack services ($RELEASE_NAME): $missing (OPENSTACK_RELEASE=$RELEASE test/backends/openstack/openstack.sh install)"; return 1; }
}

# RUNLEVEL=1: packages start no services of their own.
apt_get(){
  local quiet="-q -o Acquire::Retries=5 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get $quiet "$@"
}
apt_install(){
  [ -n "$(programs_missing)" ] || return 0
  # shellcheck disable=SC2086
  apt_get update && apt_get install -y --no-install-recommends $PACKAGES
}
install(){
  available >/dev/null && return 0
  for attempt in 1 2 3; do
    apt_install && release_install && available && return 0
    sleep $((attempt * 5))
  done >"$OS_DIR/install.log" 2>&1
  tail -20 "$OS_DIR/install.log" >&2
  fail "installing OpenStack failed: see $OS_DIR/install.log"
}

taken(){ (exec 3<>"/dev/tcp/$L/$1") 2>/dev/null; }

# Chooses ports, or says in words which one is taken. A change of ports makes what is kept of the last run useless: it stands in the catalog.
choose_ports(){
  local entry name chosen=""
  for entry in $PORTS; do
    name=${entry%%=*}
    if [ -n "${ASKED[$name]}" ]; then
      printf -v "$name" '%s' "${ASKED[$name]}"
      taken "${!name}" && fail "port ${!name} ($name) is taken by another program: $(ss -ltnpH "sport = :${!name}" 2>/dev/null | head -1)"
    else
      printf -v "$name" '%s' "$((${entry#*=} + PORTS_FROM))"
      if taken "${!name}"; then
        say "port ${!name} ($name) is taken by another program: choosing another"
        printf -v "$name" '%s' "$(/usr/bin/python3 -c "import socket; s = socket.socket(); s.bind(('$L', 0)); print(s.getsockname()[1])")"
      fi
    fi
    chosen="$chosen$name=${!name}"$'\n'
  done
  if [ ! -f "$OS_DIR/clean" ] || [ "$chosen" != "$(cat "$OS_DIR/ports" 2>/dev/null)"$'\n' ]; then forget; fi
  printf '%s' "$chosen" >"$OS_DIR/ports"
}

# Everything but the logs of installing: the next start begins with empty databases.
forget(){ (cd "$OS_DIR" && rm -rf etc lib fernet cred images run lock mysql rabbit inst hypervisor log ports clean synced); }

load_ports(){ if [ -f "$OS_DIR/ports" ]; then set -a; . "$OS_DIR/ports"; set +a; fi; }

# A process is known by its id and the moment it began, so that no other's id is ever taken for it.
began(){ local stat; stat=$(cat "/proc/$1/stat" 2>/dev/null) && set -- ${stat##*) } && echo "${20}"; }
alive(){ [ -n "${2:-}" ] && [ "$(began "$1")" = "$2" ]; }

each_pid(){ local file; for file in "$OS_DIR"/pid/*; do [ -f "$file" ] && cat "$file"; done; }
healthy(){
  local pid start count=0
  while read -r pid start; do alive "$pid" "$start" || return 1; count=$((count + 1)); done < <(each_pid)
  [ "$count" -ge 10 ] && [ -f "$OS_DIR/ready" ] && curl -sf -o /dev/null --max-time 20 "http://$L:$KEYSTONE_PORT/v3"
}

signal_all(){ local pid start; while read -r pid start; do alive "$pid" "$start" && kill "-$1" -- "-$pid" 2>/dev/null; done < <(each_pid); }
any_alive(){ local pid start; while read -r pid start; do alive "$pid" "$start" && return 0; done < <(each_pid); return 1; }

down(){
  local clean=""
  [ -f "$OS_DIR/ready" ] && clean=1
  rm -f "$OS_DIR/ready"
  signal_all TERM
  for _ in $(seq 1 200); do any_alive || break; sleep 0.1; done
  if any_alive; then
    # What the database had not written is lost then; the others keep nothing.
    alive $(cat "$OS_DIR/pid/mariadb") && clean=""
    signal_all KILL
  fi
  rm -rf "$OS_DIR/pid" "$OS_DIR/keep" "$OS_DIR/users"
  [ -z "$clean" ] || touch "$OS_DIR/clean"
}

up(){
  SECONDS=0
  rm -rf "$OS_DIR/users"; choose_ports; load_ports; rm -f "$OS_DIR/clean"
  start || { down; fail "OpenStack did not start: see $OS_DIR/log"; }
  touch "$OS_DIR/ready"
  say "OpenStack ($RELEASE_NAME) is up: http://$L:$KEYSTONE_PORT/v3"
}

users(){
  local file pid found=1
  for file in "$OS_DIR"/users/*; do
    [ -f "$file" ] || continue
    pid=$(basename "$file")
    if alive "$pid" "$(cat "$file")"; then found=0; else rm -f "$file"; fi
  done
  [ -f "$OS_DIR/keep" ] || return $found
}

# What a dead run left is stopped and begun afresh: nobody knows what it was doing.
use(){
  load_ports
  if ! { healthy && users; }; then down; up; fi
  [ ! -f "$OS_DIR/users/$1" ] || return 0
  mkdir -p "$OS_DIR/users"; began "$1" >"$OS_DIR/users/$1"
  # The last to go may be killed before it can say so.
  exec 9>&-
  setsid nohup "$0" watch >/dev/null 2>&1 </dev/null &
}

locked(){ mkdir -p "$OS_DIR"; exec 9>"$OS_DIR/lock-of-runs"; flock -w 400 9 || fail "another run has held $OS_DIR/lock-of-runs for 400 s"; }

case ${1:-} in
  available) available ;;
  install) mkdir -p "$OS_DIR"; install && hypervisor_install >>"$OS_DIR/install.log" 2>&1 ;;
  hypervisor) hypervisor ;;
  hypervisor-up) locked; load_ports; healthy || fail "the services do not run"; hypervisor_up || fail "see $OS_DIR/log" ;;
  libvirtd-inside) libvirtd_inside "$2" ;;
  use) locked; use "$2" ;;
  leave) locked; rm -f "$OS_DIR/users/$2"; users || down ;;
  watch)
    while sleep 5; do
      locked
      if [ ! -f "$OS_DIR/ready" ] || [ -f "$OS_DIR/keep" ]; then exit 0; fi
      users || { down; exit 0; }
      exec 9>&-
    done ;;
  up) locked; load_ports; healthy || { down; up; }; touch "$OS_DIR/keep" ;;
  down) locked; down ;;
  *) sed -n '2,20s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
