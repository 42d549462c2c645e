# The release that Debian 12 packages: Zed. Sourced by openstack.sh, which says what a release is to tell.
RELEASE_NAME="release Zed, Debian 12 packages"
PORTS_FROM=0
PY=/usr/bin/python3
BIN=/usr/bin
ETC=/etc
# Neutron's server hears the agents itself.
RPC_WORKERS=0
# As 2026.2 has it by default, and public clouds before: under a server no member deletes a port, but Nova with its service token does.
POLICIES='"on_server": "field:port:device_owner=~^compute:"
"delete_port": "rule:context_is_admin or service_roles:service or (not rule:on_server and rule:admin_owner_or_network_owner)"'
PACKAGES="nova-common cinder-common glance-common neutron-common placement-common python3-keystone python3-nova python3-placement
  python3-glance python3-neutron python3-cinder python3-pymysql python3-gnocchi"
PROGRAMS="$BIN/nova-manage $BIN/cinder-manage $BIN/glance-manage $BIN/neutron-server $BIN/placement-api $BIN/keystone-manage $BIN/gnocchi-metricd"
# Both programs of Gnocchi are in python3-gnocchi: gnocchi-api and gnocchi-metricd add but services of systemd.
METRICS=yes
GNOCCHI=/usr/lib/python3/dist-packages/gnocchi
WSGI_PYTHON=""
declare -A WSGI=(
  [keystone]="--wsgi-file $BIN/keystone-wsgi-public" [placement]="--wsgi-file $BIN/placement-api"
  [nova-api]="--wsgi-file $BIN/nova-api-wsgi" [cinder-api]="--wsgi-file $BIN/cinder-wsgi"
  [gnocchi-api]="--wsgi-file $BIN/gnocchi-api"
)

release_missing(){ :; }
release_install(){ :; }

glance_up(){ program glance glance.cmd.api --config-file "$OS_DIR/etc/glance-api.conf"; }
neutron_up(){ bg neutron $PY "$HERE/neutron_server.py" --config-file "$OS_DIR/etc/neutron.conf"; }
