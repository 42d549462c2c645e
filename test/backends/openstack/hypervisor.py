"""Keeps the host whose servers really run for those that ask for it: by a flavor with its trait. Before Nova knows the host; may be run again."""
import os
import time

import libvirt
from api import call, login, url

TRAIT = 'CUSTOM_RUNS'
FLAVOR = {'id': 'runs', 'name': 'runs', 'ram': 64, 'disk': 1, 'vcpus': 1, 'os-flavor-access:is_public': False}

TOKEN, _ = login('admin', 'admin')
NOVA, PLACEMENT = url('nova', '/v2.1'), url('placement')
VERSION = {'OpenStack-API-Version': 'placement 1.39'}
NAME = libvirt.openReadOnly(os.environ['LIBVIRT']).getHostname()


def place():
    """The host in Placement, as soon as it has told of itself."""
    for _ in range(600):
        for each in call('GET', PLACEMENT + '/resource_providers?name=' + NAME, token=TOKEN, headers=VERSION)[1]['resource_providers']:
            return PLACEMENT + '/resource_providers/' + each['uuid']
        time.sleep(0.5)
    raise SystemExit(NAME + ' never told of itself')


def add(address, member, one):
    """Adds to what the host has; again where it told of itself meanwhile."""
    while True:
        told = call('GET', address, token=TOKEN, headers=VERSION)[1]
        if one in told[member]:
            return
        changed = {member: told[member] + [one], 'resource_provider_generation': told['resource_provider_generation']}
        call('PUT', address, changed, TOKEN, headers=VERSION, accept=(409,))


def aggregate():
    """The aggregate that takes no server without the trait."""
    version = {'OpenStack-API-Version': 'compute 2.90'}
    for each in call('GET', NOVA + '/os-aggregates', token=TOKEN, headers=version)[1]['aggregates']:
        if each['name'] == TRAIT:
            return each['uuid']
    made = call('POST', NOVA + '/os-aggregates', {'aggregate': {'name': TRAIT}}, TOKEN, headers=version)[1]['aggregate']
    metadata = {'set_metadata': {'metadata': {'trait:' + TRAIT: 'required'}}}
    call('POST', '%s/os-aggregates/%s/action' % (NOVA, made['id']), metadata, TOKEN)
    return made['uuid']


host = place()
call('PUT', PLACEMENT + '/traits/' + TRAIT, token=TOKEN, headers=VERSION)
add(host + '/aggregates', 'aggregates', aggregate())
add(host + '/traits', 'traits', TRAIT)
call('POST', NOVA + '/flavors', {'flavor': FLAVOR}, TOKEN, accept=(409,))
call('POST', NOVA + '/flavors/runs/os-extra_specs', {'extra_specs': {'trait:' + TRAIT: 'required'}}, TOKEN)
