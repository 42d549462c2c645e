"""Lets Apache Libcloud's own API make and unmake things at EC2, through contrib/libcloud and the gateway; tells what came of it as JSON."""
import json
import sys

from libcloud.compute.base import NodeAuthSSHKey
from libcloud.compute.providers import get_driver, set_driver

port, public_key = int(sys.argv[1]), sys.argv[2]
set_driver('cimi', 'cimi_driver', 'CimiNodeDriver')
driver = get_driver('cimi')('any', host='127.0.0.1', port=port, secure=False)
told = {'locations': [one.id for one in driver.list_locations()]}
size = next(one for one in driver.list_sizes() if one.name == 't3.large')
image = next(one for one in driver.list_images() if one.name == 'debian-12-amd64')
told['size'] = [size.ram, size.extra['cpus']]

node = driver.create_node(name='one', size=size, image=image, auth=NodeAuthSSHKey(public_key))
[(node, _)] = driver.wait_until_running([node], wait_period=0.1, timeout=120, ssh_interface='private_ips')
told['running'] = [node.name, node.state, len(node.private_ips) > 0]
told['actions'] = [driver.reboot_node(node), driver.stop_node(node), driver.ex_get_node(node.id).state]
told['actions'] += [driver.start_node(node), driver.ex_get_node(node.id).state]
volume = driver.create_volume(10, 'data')
told['volume'] = [volume.size, volume.attach(node), volume.detach(), volume.destroy()]
told['gone'] = [node.destroy(), len(driver.list_volumes())]
print(json.dumps(told))
