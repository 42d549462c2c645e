# A second compute host whose servers really run: libvirt and QEMU without KVM. Sourced by openstack.sh; started when a test asks for it.
# libvirtd has namespaces of its own for its folders, the user that it wants, and its machines, which end with it.
HYPERVISOR=$OS_DIR/hypervisor
# What libvirtd has found out of QEMU: it takes seconds.
HYPERVISOR_CACHE=$FOLDER/libvirt-cache
HYPERVISOR_PACKAGES="libvirt-daemon libvirt-daemon-driver-qemu python3-libvirt qemu-system-x86"
LIBVIRT="qemu+unix:///system?socket=$HYPERVISOR/run/libvirt-sock"
LIBVIRT_PARTS="etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt run:/run/libvirt"

# Words for what is missing, if anything is; the second release's Nova wants a newer libvirt than Debian 12 has.
hypervisor_missing(){
  [ "$RELEASE" = debian ] || { echo "a libvirt as new as $RELEASE_NAME wants"; return; }
  [ -x /usr/sbin/libvirtd ] || echo libvirtd
  [ -x /usr/bin/qemu-system-x86_64 ] || echo qemu-system-x86_64
  $PY -c 'import libvirt' 2>/dev/null || echo python3-libvirt
}

# Where it fails the tests that need it say so.
hypervisor_install(){
  [ "$RELEASE" = debian ] && [ -n "$(hypervisor_missing)" ] || return 0
  # shellcheck disable=SC2086
  apt_get update && apt_get install -y --no-install-recommends $HYPERVISOR_PACKAGES || true
}

# folder: runs libvirtd with this state until it is told to end; as the first process of its namespaces it takes all its machines with it.
libvirtd_inside(){
  local each; HYPERVISOR=$1
  for each in $LIBVIRT_PARTS; do
    mkdir -p "$HYPERVISOR/${each%%:*}" "${each#*:}" && mount --bind "$HYPERVISOR/${each%%:*}" "${each#*:}" || return 1
  done
  mkdir -p "$HYPERVISOR_CACHE" /var/cache/libvirt && mount --bind "$HYPERVISOR_CACHE" /var/cache/libvirt || return 1
  # The user that it looks for before it reads that it shall take another.
  { grep -v ^libvirt-qemu: /etc/passwd; echo "libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin"; } >"$HYPERVISOR/passwd"
  { grep -v ^libvirt-qemu: /etc/group; echo "libvirt-qemu:x:64055:"; } >"$HYPERVISOR/group"
  mount --bind "$HYPERVISOR/passwd" /etc/passwd && mount --bind "$HYPERVISOR/group" /etc/group || return 1
  cat >/etc/libvirt/qemu.conf <<C
user = "$ME"
group = "$(id -gn)"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
dynamic_ownership = 0
C
  cat >"$HYPERVISOR/libvirtd.conf" <<C
unix_sock_dir = "$HYPERVISOR/run"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:stderr"
C
  libvirtd --config "$HYPERVISOR/libvirtd.conf" --pid-file "$HYPERVISOR/libvirtd.pid"
}

# Starts libvirtd and waits until it can run machines of x86-64 without KVM.
libvirtd_up(){
  rm -rf "$HYPERVISOR/run"; mkdir -p "$HYPERVISOR/run" "$OS_DIR/pid" "$OS_DIR/log"
  bg libvirtd unshare --mount --pid --fork --kill-child --mount-proc "$HERE/openstack.sh" libvirtd-inside "$HYPERVISOR"
  for _ in $(seq 1 600); do
    died libvirtd && break
    [ -S "$HYPERVISOR/run/libvirt-sock" ] && runs_machines && return 0
    sleep 0.2
  done
  echo "libvirtd runs no machine here:" $(cat "$OS_DIR"/log/libvirt*.log | grep . | tail -3); return 1
}
runs_machines(){
  $PY -c "import libvirt; libvirt.open('$LIBVIRT').getDomainCapabilities(None, 'x86_64', None, 'qemu')" >"$OS_DIR/log/libvirt.log" 2>&1
}

# Asks whether a machine can run here, by words: 1 where something is to be installed, 3 where that would not help. Apart from the services.
hypervisor(){
  local missing pid start status=0
  missing=$(echo $(hypervisor_missing))
  [ -z "$missing" ] || { echo "$missing (test/backends/openstack/openstack.sh install)"; return 1; }
  OS_DIR=$(mktemp -d); HYPERVISOR=$OS_DIR
  LIBVIRT="qemu+unix:///system?socket=$HYPERVISOR/run/libvirt-sock"
  libvirtd_up || status=3
  read -r pid start <"$OS_DIR/pid/libvirtd"
  if alive "$pid" "$start"; then kill -TERM -- "-$pid"; fi
  while alive "$pid" "$start"; do sleep 0.1; done
  rm -rf "$OS_DIR"
  return $status
}

# Configuration of the host over that of the other one.
hypervisor_conf(){
  mkdir -p "$HYPERVISOR"/{state,instances}
  cat >"$OS_DIR/etc/nova-hypervisor.conf" <<C
[DEFAULT]
log_file = $OS_DIR/log/nova-hypervisor-app.log
state_path = $HYPERVISOR/state
instances_path = $HYPERVISOR/instances
host = hypervisor1
compute_driver = libvirt.LibvirtDriver
[libvirt]
virt_type = qemu
cpu_mode = none
connection_uri = $LIBVIRT
[nova_sys_admin]
helper_command = $BIN/privsep-helper --config-file $OS_DIR/etc/nova/nova.conf
C
}

# Starts the host, unless it runs, and has Nova know it.
hypervisor_up(){
  [ -f "$OS_DIR/pid/nova-hypervisor" ] && ! died libvirtd && ! died nova-hypervisor && return 0
  SECONDS=0
  hypervisor_conf
  libvirtd_up || return 1
  say "libvirtd up"
  PYTHONDONTWRITEBYTECODE=1 bg nova-hypervisor $PY "$HERE/nova_hypervisor.py" --config-file "$OS_DIR/etc/nova/nova.conf" --config-file "$OS_DIR/etc/nova-hypervisor.conf"
  helper hypervisor.py && map_host hypervisor1 nova-hypervisor && say "servers can run on hypervisor1"
}
