# Configuration files of the services, written to $OS_DIR/etc; sourced by openstack.sh.
conf(){
mkdir -p $OS_DIR/{etc,etc/nova,etc/policy.d,log,pid,lib,fernet,cred,images,run,lock,mysql,rabbit,inst}
for s in nova cinder neutron gnocchi gnocchi/measures/tmp gnocchi/incoming/tmp; do mkdir -p $OS_DIR/lib/$s; done
# By its socket, which costs less than the loopback, unless its path is longer than sockets may have.
local socket=""; [ ${#OS_DIR} -gt 90 ] || socket="&unix_socket=$OS_DIR/mysql/s.sock"
eval "db(){ echo \"mysql+pymysql://root@$L:$MARIADB_PORT/\$1?charset=utf8$socket\"; }"
local RB="rabbit://guest:guest@$L:$RABBIT_PORT/"
authtoken(){ cat <<X
[keystone_authtoken]
www_authenticate_uri = http://$L:$KEYSTONE_PORT/v3
auth_url = http://$L:$KEYSTONE_PORT/v3
auth_type = password
username = $1
password = $PW
project_name = service
user_domain_name = Default
project_domain_name = Default
interface = public
service_token_roles_required = true
service_token_roles = service
[oslo_middleware]
enable_proxy_headers_parsing = true
[oslo_concurrency]
lock_path = $OS_DIR/lock
[oslo_policy]
policy_dirs = $OS_DIR/etc/policy.d
X
}
kauth(){ cat <<X
auth_url = http://$L:$KEYSTONE_PORT/v3
auth_type = password
username = $1
password = $PW
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = RegionOne
valid_interfaces = public
X
}
cat >$OS_DIR/etc/keystone.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/keystone-app.log
max_token_size = 512
[database]
connection = $(db keystone)
[token]
provider = fernet
expiration = 3600
[fernet_tokens]
key_repository = $OS_DIR/fernet
[credential]
key_repository = $OS_DIR/cred
[identity]
password_hash_algorithm = pbkdf2_sha512
password_hash_rounds = 1000
[cache]
enabled = true
backend = dogpile.cache.memory
X
cat >$OS_DIR/etc/placement.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/placement-app.log
[api]
auth_strategy = keystone
[placement_database]
connection = $(db placement)
$(authtoken placement)
X
cat >$OS_DIR/etc/glance-api.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/glance-app.log
bind_host = $L
bind_port = $GLANCE_PORT
workers = 0
enabled_backends = file:file
enabled_import_methods = [glance-direct]
node_staging_uri = file://$OS_DIR/images/staging/
worker_self_reference_url = http://$L:$GLANCE_PORT
show_multiple_locations = false
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = $OS_DIR/images/
[os_glance_staging_store]
filesystem_store_datadir = $OS_DIR/images/staging/
[os_glance_tasks_store]
filesystem_store_datadir = $OS_DIR/images/tasks/
[database]
connection = $(db glance)
[paste_deploy]
flavor = keystone
config_file = $ETC/glance/glance-api-paste.ini
$(authtoken glance)
X
mkdir -p $OS_DIR/images/{staging,tasks}
cat >$OS_DIR/etc/nova/nova.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/nova-app.log
state_path = $OS_DIR/lib/nova
instances_path = $OS_DIR/inst
my_ip = $L
host = compute1
transport_url = $RB
compute_driver = ${FAKE_DRIVER:-fake.MediumFakeDriver}
enabled_apis = osapi_compute
vif_plugging_is_fatal = False
vif_plugging_timeout = 0
allow_resize_to_same_host = True
osapi_compute_workers = 1
heal_instance_info_cache_interval = 60
update_resources_interval = 60
sync_power_state_interval = -1
cpu_allocation_ratio = 64
ram_allocation_ratio = 64
disk_allocation_ratio = 64
[api]
auth_strategy = keystone
[api_database]
connection = $(db nova_api)
[database]
connection = $(db nova_cell1)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = -1
# The host whose servers really run takes those alone that ask for it (hypervisor.py).
enable_isolated_aggregate_filtering = True
[filter_scheduler]
track_instance_changes = False
[quota]
instances = -1
cores = -1
ram = -1
server_groups = -1
[glance]
api_servers = http://$L:$GLANCE_PORT
[cinder]
catalog_info = volumev3::publicURL
os_region_name = RegionOne
$(kauth nova)
[placement]
$(kauth placement)
[neutron]
default_floating_pool = public
service_metadata_proxy = False
$(kauth neutron)
[service_user]
send_service_user_token = True
$(kauth nova)
[vnc]
enabled = False
[oslo_messaging_rabbit]
heartbeat_in_pthread = False
$(authtoken nova)
X
cat >$OS_DIR/etc/neutron.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/neutron-app.log
state_path = $OS_DIR/lib/neutron
bind_host = $L
bind_port = $NEUTRON_PORT
core_plugin = ml2
service_plugins = router,trunk
agent_down_time = 120
transport_url = $RB
auth_strategy = keystone
api_workers = 0
rpc_workers = $RPC_WORKERS
rpc_state_report_workers = 0
notify_nova_on_port_status_changes = False
notify_nova_on_port_data_changes = True
send_events_interval = 1
dhcp_agent_notification = False
api_paste_config = $ETC/neutron/api-paste.ini
[database]
connection = $(db neutron)
[quotas]
default_quota = -1
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
quota_security_group = -1
quota_security_group_rule = -1
$(authtoken neutron)
[nova]
$(kauth nova)
[ml2]
type_drivers = flat,vlan,vxlan,local
tenant_network_types = vxlan
mechanism_drivers = ${ML2_MECH:-openvswitch}
extension_drivers = port_security
[ml2_type_flat]
flat_networks = public
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:200
[ml2_type_vxlan]
vni_ranges = 1:10000
[securitygroup]
enable_security_group = True
X
cat >$OS_DIR/etc/cinder.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/cinder-app.log
state_path = $OS_DIR/lib/cinder
my_ip = $L
host = fakevol
transport_url = $RB
auth_strategy = keystone
api_paste_config = $ETC/cinder/api-paste.ini
resource_query_filters_file = $ETC/cinder/resource_filters.json
glance_api_servers = http://$L:$GLANCE_PORT
enabled_backends = fake
default_volume_type = fake
osapi_volume_workers = 1
quota_volumes = -1
quota_snapshots = -1
quota_gigabytes = -1
quota_backups = -1
[fake]
volume_driver = sparse_volumes.SparseVolumeDriver
volume_backend_name = fake
volume_group = cinder-volumes
[cinder_sys_admin]
helper_command = $BIN/privsep-helper --config-file $OS_DIR/etc/cinder.conf
[database]
connection = $(db cinder)
[nova]
$(kauth nova)
$(authtoken cinder)
X
cat >$OS_DIR/etc/gnocchi.conf <<X
[DEFAULT]
log_file = $OS_DIR/log/gnocchi-app.log
coordination_url = file://$OS_DIR/lib/gnocchi/coordination
[api]
auth_mode = keystone
paste_config = $OS_DIR/etc/gnocchi-paste.ini
[indexer]
url = $(db gnocchi)
[storage]
driver = file
file_basepath = $OS_DIR/lib/gnocchi/measures
[incoming]
driver = file
file_basepath = $OS_DIR/lib/gnocchi/incoming
[metricd]
workers = 1
metric_processing_delay = 1
metric_reporting_delay = -1
$(authtoken gnocchi)
X
# The login's middleware reads another file than the program, unless it is told.
[ -z "$METRICS" ] || sed "s|^oslo_config_project = gnocchi|&\\noslo_config_file = $OS_DIR/etc/gnocchi.conf|" "$GNOCCHI/rest/api-paste.ini" >$OS_DIR/etc/gnocchi-paste.ini
# The project's own members may make external networks, as some clouds allow.
cat >$OS_DIR/etc/policy.d/networks.yaml <<X
"create_network:router:external": "role:member or role:admin"
$POLICIES
X
cp $ETC/nova/api-paste.ini $OS_DIR/etc/nova/
}

