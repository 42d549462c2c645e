# The release of pypi-requirements.txt: 2026.2, from PyPI, in a virtual environment of its own. MariaDB, RabbitMQ and uWSGI are Debian's.
# Sourced by openstack.sh, which says what a release is to tell.
RELEASE_NAME="release 2026.2, from PyPI"
PORTS_FROM=10000
REQUIREMENTS=$HERE/releases/pypi-requirements.txt
VENV=$FOLDER/venv
PY=$VENV/bin/python
BIN=$VENV/bin
ETC=$VENV/etc
# Neutron's API hears no agents: a process of its own does.
RPC_WORKERS=1
POLICIES=""
METRICS=""
PACKAGES="python3-venv"
# The folder stands for python3-venv.
PROGRAMS="/usr/share/python-wheels"
# uWSGI's plugin is of the system's python3, so the environment is made with that one.
WSGI_PYTHON="--virtualenv $VENV"
declare -A WSGI=(
  [keystone]="--module keystone.wsgi.api:application" [placement]="--module placement.wsgi.api:application"
  [glance]="--module glance.wsgi.api:application" [nova-api]="--module nova.wsgi.osapi_compute:application"
  [neutron]="--module neutron.wsgi.api:application" [cinder-api]="--module cinder.wsgi.api:application"
)

release_missing(){ cmp -s "$REQUIREMENTS" "$VENV/installed" || echo "packages of $(basename "$REQUIREMENTS")"; }

# The copy of the list is the mark of an environment that is complete and of these versions.
release_install(){
  [ -n "$(release_missing)" ] || return 0
  rm -rf "$VENV" && /usr/bin/python3 -m venv "$VENV" &&
    "$BIN/pip" install --disable-pip-version-check --no-deps -r "$REQUIREMENTS" && cp "$REQUIREMENTS" "$VENV/installed"
}

glance_up(){ wsgi glance "$GLANCE_PORT" 1 4 OS_GLANCE_CONFIG_DIR="$OS_DIR/etc"; }

# Neutron's API leaves marks named after process ids among the temporary files: those of an earlier run would be taken for its own.
neutron_up(){
  local conf=$OS_DIR/etc/neutron.conf
  rm -f "$OS_DIR"/run/neutron_*
  wsgi neutron "$NEUTRON_PORT" 2 1 TMPDIR="$OS_DIR/run" OS_NEUTRON_CONFIG_FILES="$conf"
  bg neutron-rpc "$BIN/neutron-rpc-server" --config-file "$conf"
  bg neutron-periodic "$BIN/neutron-periodic-workers" --config-file "$conf"
}
