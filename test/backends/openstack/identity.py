"""Projects, users, services and endpoints, through keystone's API. May be run again."""
import os

from api import HOST, PASSWORD, call, login, port, url

KEYSTONE = url('keystone', '/v3')
TOKEN, _ = login('admin', 'admin')


def named(kind, name):
    _, body = call('GET', '%s/%s?name=%s' % (KEYSTONE, kind, name), token=TOKEN)
    return [each['id'] for each in body[kind] if each['name'] == name]


def make(kind, member, body):
    known = named(kind, body['name'])
    return known[0] if known else call('POST', '%s/%s' % (KEYSTONE, kind), {member: body}, TOKEN)[1][member]['id']


def grant(project, user, role):
    call('PUT', '%s/projects/%s/users/%s/roles/%s' % (KEYSTONE, project, user, role), token=TOKEN)


admin, member = named('roles', 'admin')[0], named('roles', 'member')[0]
service_role = make('roles', 'role', {'name': 'service'})
services = make('projects', 'project', {'name': 'service', 'domain_id': 'default'})
METRICS = bool(os.environ.get('METRICS'))
for name in ('placement', 'glance', 'nova', 'neutron', 'cinder') + (('gnocchi',) if METRICS else ()):
    user = make('users', 'user', {'name': name, 'password': PASSWORD, 'domain_id': 'default', 'default_project_id': services})
    grant(services, user, admin)
    grant(services, user, service_role)

demo = make('projects', 'project', {'name': 'demo', 'domain_id': 'default'})
grant(demo, make('users', 'user', {'name': 'demo', 'password': PASSWORD, 'domain_id': 'default', 'default_project_id': demo}), member)

ENDPOINTS = (
    ('placement', 'placement', 'placement', ''),
    ('glance', 'image', 'glance', ''),
    ('nova', 'compute', 'nova', '/v2.1'),
    ('neutron', 'network', 'neutron', ''),
    ('cinderv3', 'volumev3', 'cinder', '/v3/%(project_id)s'),
    ('cinder', 'block-storage', 'cinder', '/v3/%(project_id)s'),
) + ((('gnocchi', 'metric', 'gnocchi', ''),) if METRICS else ())
for name, kind, program, path in ENDPOINTS:
    if named('services', name):
        continue
    service = call('POST', KEYSTONE + '/services', {'service': {'name': name, 'type': kind}}, TOKEN)[1]['service']['id']
    address = 'http://%s:%s%s' % (HOST, port(program), path)
    for interface in ('public', 'internal', 'admin'):
        endpoint = {'interface': interface, 'service_id': service, 'region_id': 'RegionOne', 'url': address}
        call('POST', KEYSTONE + '/endpoints', {'endpoint': endpoint}, TOKEN)
