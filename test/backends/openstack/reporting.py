"""Waits until whoever does the work has reported itself: a scheduler leaves out those of which it has not heard for a minute."""
import time

from api import call, login, url

END = time.time() + 120
TOKEN, project = login('admin', 'admin')


def heard(address, members, fits):
    return any(fits(each) for each in call('GET', address, token=TOKEN)[1][members])


def up(binary):
    return lambda service: service['binary'] == binary and service['state'] == 'up'


WORKERS = (
    ('nova-compute', url('nova', '/v2.1/os-services'), 'services', up('nova-compute')),
    ('cinder-volume', url('cinder', '/v3/%s/os-services' % project), 'services', up('cinder-volume')),
    ('l2-agent', url('neutron', '/v2.0/agents'), 'agents', lambda agent: agent['alive']),
)
for name, address, members, fits in WORKERS:
    while not heard(address, members, fits):
        if time.time() > END:
            raise SystemExit('%s never reported: see its log' % name)
        time.sleep(0.5)
