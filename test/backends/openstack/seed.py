"""What the tests find in the cloud: flavors, an image, networks, volume types. May be run again."""
import os

from api import call, login, url

ADMIN, project = login('admin', 'admin')
DEMO, _ = login('demo', 'demo')
NOVA, NEUTRON, GLANCE = url('nova', '/v2.1'), url('neutron', '/v2.0'), url('glance', '/v2')
CINDER = url('cinder', '/v3/' + project)

FLAVORS = (('m1.tiny', 512, 1, 1, 0), ('m1.small', 2048, 20, 1, 0), ('m1.medium', 4096, 40, 2, 0), ('m1.large', 8192, 80, 4, 10))
present = {flavor['name'] for flavor in call('GET', NOVA + '/flavors', token=ADMIN)[1]['flavors']}
for number, (name, ram, disk, vcpus, ephemeral) in enumerate(FLAVORS, 1):
    if name not in present:
        size = {'id': str(number), 'name': name, 'ram': ram, 'disk': disk, 'vcpus': vcpus, 'OS-FLV-EXT-DATA:ephemeral': ephemeral}
        call('POST', NOVA + '/flavors', {'flavor': size}, ADMIN)

if not call('GET', GLANCE + '/images?name=cirros', token=ADMIN)[1]['images']:
    description = {'name': 'cirros', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public', 'min_disk': 1, 'min_ram': 64}
    image = call('POST', GLANCE + '/images', description, ADMIN)[1]['id']
    call('PUT', GLANCE + '/images/%s/file' % image, token=ADMIN, raw=b'\0' * 65536, mime='application/octet-stream')


def network(token, block, name, subnet, **more):
    if call('GET', NEUTRON + '/networks?name=' + name, token=ADMIN)[1]['networks']:
        return
    key = call('POST', NEUTRON + '/networks', {'network': {'name': name, **more}}, token)[1]['network']['id']
    inner = {'network_id': key, 'cidr': block, 'ip_version': 4, **subnet}
    call('POST', NEUTRON + '/subnets', {'subnet': inner}, token)


outside = {'router:external': True, 'provider:network_type': 'flat', 'provider:physical_network': 'public'}
network(ADMIN, '203.0.113.0/24', 'public', {'name': 'public', 'enable_dhcp': False}, **outside)
network(DEMO, '10.10.0.0/24', 'demo-net', {'name': 'demo-subnet'})

types = {kind['name'] for kind in call('GET', CINDER + '/types', token=ADMIN)[1]['volume_types']}
for name in ('fake', 'other'):
    if name not in types:
        call('POST', CINDER + '/types', {'volume_type': {'name': name, 'extra_specs': {'volume_backend_name': 'fake'}}}, ADMIN)


def metrics(address):
    """What Ceilometer sets up in Gnocchi, by its gnocchi_resources.yaml; a policy that keeps finer points, and one of hours alone."""
    policies = (
        ('ceilometer-low', ['mean'], [('00:05:00', '30 days')]),
        ('ceilometer-low-rate', ['mean', 'rate:mean'], [('00:05:00', '30 days')]),
        ('by-minute', ['last', 'count'], [('00:01:00', '1 day')]),
        ('by-hour', ['mean'], [('01:00:00', '30 days')]),
        ('rates-only', ['rate:mean'], [('00:05:00', '30 days')]),
    )
    for name, methods, grains in policies:
        definition = [{'granularity': granularity, 'timespan': timespan} for granularity, timespan in grains]
        policy = {'name': name, 'back_window': 0, 'aggregation_methods': methods, 'definition': definition}
        call('POST', address + '/archive_policy', policy, ADMIN, accept=(409,))
    word = {'type': 'string', 'required': False, 'min_length': 0, 'max_length': 255}
    uuid = {'type': 'uuid', 'required': False}
    types = (
        ('instance', {'display_name': word, 'flavor_id': word, 'flavor_name': word}),
        ('instance_network_interface', {'name': word, 'instance_id': uuid}),
        ('instance_disk', {'name': word, 'instance_id': uuid}),
    )
    for name, attributes in types:
        call('POST', address + '/resource_type', {'name': name, 'attributes': attributes}, ADMIN, accept=(409,))


if os.environ.get('METRICS'):
    metrics(url('gnocchi', '/v1'))
