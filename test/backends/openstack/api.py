"""What setting up needs of the services' own APIs; urllib alone, so that the system's python3 runs it."""
import json
import os
import urllib.error
import urllib.request

HOST = '127.0.0.1'
PASSWORD = os.environ['OS_PASSWORD']


def port(name):
    """Port of a service, as openstack.sh chose it."""
    return os.environ[name.upper() + '_PORT']


def url(name, path=''):
    return 'http://%s:%s%s' % (HOST, port(name), path)


def call(method, address, body=None, token=None, raw=None, mime='application/json', accept=(), headers=None):
    """One request. Answers (headers, parsed body or None); statuses in `accept` answer None too, all other errors end the script in words."""
    data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
    headers = {'Content-Type': mime, 'OpenStack-API-Version': 'volume 3.60', **(headers or {})}
    if token:
        headers['X-Auth-Token'] = token
    request = urllib.request.Request(address, method=method, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.headers, (json.loads(text) if text else None)
    except urllib.error.HTTPError as error:
        if error.code in accept:
            return error.headers, None
        raise SystemExit('%s %s: %s %s' % (method, address, error.code, error.read()[:600]))


def login(user, project):
    """Token and project id of a user of the domain Default."""
    domain = {'id': 'default'}
    auth = {
        'identity': {'methods': ['password'], 'password': {'user': {'name': user, 'domain': domain, 'password': PASSWORD}}},
        'scope': {'project': {'name': project, 'domain': domain}},
    }
    headers, body = call('POST', url('keystone', '/v3/auth/tokens'), {'auth': auth})
    return headers['X-Subject-Token'], body['token']['project']['id']
