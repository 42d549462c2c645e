"""Lets Apache Libcloud's own API do what people do with it, through contrib/libcloud; tells what came of it as JSON."""
import json
import sys

from libcloud.compute.base import NodeAuthPassword, NodeAuthSSHKey
from libcloud.compute.providers import get_driver, set_driver
from libcloud.compute.types import KeyPairDoesNotExistError

token, port, public_key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
set_driver('cimi', 'cimi_driver', 'CimiNodeDriver')
driver = get_driver('cimi')(token, host='127.0.0.1', port=port, secure=False)
told = {}


def refusal(of):
    try:
        of()
    except Exception as error:
        return '{}: {}'.format(type(error).__name__, error)


locations = driver.list_locations()
told['locations'] = sorted(one.id for one in locations)
b = next(one for one in locations if one.id == 'b')
told['sizes'] = {one.name: [one.ram, one.disk, one.extra['cpus']] for one in driver.list_sizes(b)}
size = min(driver.list_sizes(b), key=lambda one: one.ram)
image = next(one for one in driver.list_images(b) if one.name == 'Debian 12')
told['clouds'] = sorted({one.extra['cloud'] for one in driver.list_images(b) + driver.list_sizes(b)})
told['image'] = driver.get_image(image.id).name

imported = driver.import_key_pair_from_string('imported', public_key + '\n')
made = driver.create_key_pair('made')
told['imported'] = [imported.public_key == public_key, imported.fingerprint]
told['made'] = [made.public_key.split(' ')[0], made.private_key.split('\n')[0], made.fingerprint.split(':')[0]]
told['pairs'] = sorted(one.name for one in driver.list_key_pairs())

node = driver.create_node(name='one', size=size, image=image, location=b, ex_keyname='imported', ex_properties={'team': 'blue'})
told['created'] = [node.name, node.state]
[(node, ips)] = driver.wait_until_running([node], wait_period=0.1, timeout=60, ssh_interface='private_ips')
told['running'] = [node.state, node.private_ips == ips, len(ips) > 0, node.extra['cloud'], node.extra['properties']]
other = driver.create_node(name='two', size=size, image=image, location=b, auth=NodeAuthSSHKey(public_key), ex_userdata='#cloud-config')
driver.wait_until_running([other], wait_period=0.1, timeout=60, ssh_interface='private_ips')
told['nodes'] = sorted(one.name for one in driver.list_nodes(ex_filter="state='STARTED'"))
told['actions'] = [driver.reboot_node(node), driver.stop_node(node), driver.ex_get_node(node.id).state]
told['actions'] += [node.start(), driver.ex_get_node(node.id).state]

volume = driver.create_volume(10, 'data', location=b)
told['volume'] = [volume.size, volume.extra['capacity'], volume.state, [one.name for one in driver.list_volumes()]]
told['attached'] = [volume.attach(node), volume.detach(), refusal(volume.detach)]
captured = driver.create_image(node, 'captured')
told['captured'] = [captured.name, driver.delete_image(captured)]

told['refused'] = [
    refusal(lambda: driver.start_node(node)),
    refusal(lambda: driver.get_key_pair('nobody')),
    refusal(lambda: driver.create_node(name='x', size=size, image=image, auth=NodeAuthPassword('p'))),
    refusal(lambda: driver.connection.request('http://127.0.0.1:1/cimi')),
    refusal(lambda: get_driver('cimi')('wrong', host='127.0.0.1', port=port, secure=False).list_nodes()),
]
told['named'] = get_driver('cimi')('ann', 'pw-ann', host='127.0.0.1', port=port, secure=False).get_key_pair('made').name
told['gone'] = [volume.destroy(), node.destroy(), other.destroy()]
told['gone'] += [driver.delete_key_pair(one) for one in driver.list_key_pairs()]
told['left'] = [len(driver.list_nodes()), len(driver.list_volumes()), len(driver.list_key_pairs())]
print(json.dumps(told))
