"""Stands in for neutron-openvswitch-agent: reports its state and says of each port of its host that it is up, through neutron's own RPC."""
try:
    # Releases that run on green threads patch here; later ones have native threads and no such module.
    from neutron.common import eventlet_utils

    eventlet_utils.monkey_patch()
except ImportError:
    pass

import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

import oslo_messaging  # noqa: E402
from neutron.agent import rpc as agent_rpc  # noqa: E402
from neutron.common import config  # noqa: E402
from neutron.conf.agent import common as agent_conf  # noqa: E402
from neutron_lib import context  # noqa: E402
from neutron_lib.agent import topics  # noqa: E402
from oslo_config import cfg  # noqa: E402

agent_conf.register_agent_state_opts_helper(cfg.CONF)
config.register_common_config_options()
config.init(sys.argv[1:])
config.setup_logging()

# The host of Nova's fake driver, and the one whose servers really run.
HOSTS = ('compute1', 'hypervisor1')
ADMIN = context.get_admin_context_without_session()
reports = agent_rpc.PluginReportStateAPI(topics.REPORTS)
plugin = agent_rpc.PluginApi(topics.PLUGIN)
STATE = {
    'binary': 'neutron-openvswitch-agent',
    'topic': 'N/A',
    'agent_type': 'Open vSwitch agent',
    'start_flag': True,
    'configurations': {
        'bridge_mappings': {'public': 'br-ex', 'physnet1': 'br-p1'},
        'tunnel_types': ['vxlan'],
        'tunneling_ip': '127.0.0.1',
        'devices': 0,
        'datapath_type': 'system',
        'in_distributed_mode': False,
    },
}


class Endpoint:
    target = oslo_messaging.Target(version='1.4')

    def port_update(self, _, **given):
        port = given.get('port') or {}
        host = port.get('binding:host_id')
        if host in HOSTS and port.get('status') != 'ACTIVE':
            threading.Timer(0.2, self.up, [port['id'], host]).start()

    def up(self, port, host):
        agent = 'ovs-agent-' + host
        for pause in (0, 0.5, 1):
            time.sleep(pause)
            try:
                plugin.get_devices_details_list(ADMIN, [port], agent, host)
                plugin.update_device_up(ADMIN, port, agent, host)
                return
            except Exception as error:
                print('port', port, error, flush=True)

    def port_delete(self, *_, **__):
        pass

    network_update = binding_activate = binding_deactivate = port_delete


consumers = [[topics.PORT, topics.UPDATE], [topics.PORT, topics.DELETE]]
agent_rpc.create_consumers([Endpoint()], 'q-agent-notifier', consumers, start_listening=True)
sent = 0
while True:
    try:
        for host in HOSTS:
            reports.report_state(ADMIN, {**STATE, 'host': host}, use_call=False)
        sent += 1
        # Neutron takes an agent for new until it has been heard for some time.
        STATE['start_flag'] = sent <= 15
    except Exception as error:
        print('report', error, flush=True)
    time.sleep(1 if sent < 20 else 20)
