"""A compute driver of Apache Libcloud (3.9) for CIMI 1.1 (DSP0263).

    from libcloud.compute.providers import get_driver, set_driver

    set_driver('cimi', 'cimi_driver', 'CimiNodeDriver')      # this file is on the module path
    driver = get_driver('cimi')('TOKEN', host='cimi.example.org')            # Bearer
    driver = get_driver('cimi')('user', 'password', host='127.0.0.1', port=8080, secure=False)  # Basic

Nodes are Machines, sizes MachineConfigurations, images MachineImages, locations clouds (an extension: one location without it),
key pairs Credentials with a key, volumes Volumes. create_node returns at once, as drivers do (wait_until_running waits); all
other changes return when their Job has ended, and raise its words where it failed.
"""

import base64
import hashlib
import ipaddress
import json
import time
import urllib.parse

from libcloud.common.base import ConnectionUserAndKey, JsonResponse
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from libcloud.compute.base import (
    KeyPair,
    Node,
    NodeAuthSSHKey,
    NodeDriver,
    NodeImage,
    NodeLocation,
    NodeSize,
    StorageVolume,
)
from libcloud.compute.types import KeyPairDoesNotExistError, NodeState, StorageVolumeState

__all__ = ['CimiNodeDriver', 'CimiConnection', 'CimiResponse']

CIMI = 'http://schemas.dmtf.org/cimi/1'
MAPPED = CIMI + '/mapped'
WINDOW = 500
ADDRESSES = 'networkInterfaces/addresses/address'
# A kilobyte of CIMI's capacities has 1000 bytes, a kibibyte of its memories 1024.
GIB, KB, KIB_OF_MIB = 2**30, 1000, 1024
JOB_SECONDS = 600


class CimiResponse(JsonResponse):
    def success(self):
        return 200 <= int(self.status) < 300

    def parse_body(self):
        return super().parse_body() if self.body else {}

    def parse_error(self):
        try:
            words = json.loads(self.body)['statusMessage']
        except (ValueError, KeyError, TypeError):
            words = self.body or self.error
        if int(self.status) == 401:
            raise InvalidCredsError(words)
        raise BaseHTTPError(int(self.status), words, self.headers)


class CimiConnection(ConnectionUserAndKey):
    responseCls = CimiResponse

    def add_default_headers(self, headers):
        headers['Accept'] = 'application/json'
        # Without a password the first of the two is a token.
        if not self.key:
            headers['Authorization'] = 'Bearer ' + self.user_id
        else:
            pair = '{}:{}'.format(self.user_id, self.key).encode()
            headers['Authorization'] = 'Basic ' + base64.b64encode(pair).decode()
        if self.method in ('POST', 'PUT') and self.data:
            headers['Content-Type'] = 'application/json'
        return headers

    def morph_action_hook(self, action):
        # CIMI's links are absolute URIs; the login is sent nowhere else than where the connection goes.
        parts = urllib.parse.urlsplit(action)
        if parts.scheme and (parts.hostname, parts.port or self._usual(parts.scheme)) != (self.host, int(self.port)):
            raise LibcloudError('{} is elsewhere than {}:{}'.format(action, self.host, self.port))
        return urllib.parse.urlunsplit(('', '', parts.path, parts.query, ''))

    @staticmethod
    def _usual(scheme):
        return {'http': 80, 'https': 443}.get(scheme)


class CimiNodeDriver(NodeDriver):
    connectionCls = CimiConnection
    name = 'CIMI'
    api_name = 'cimi'
    website = 'https://www.dmtf.org/standards/cloud'
    type = 'cimi'
    features = {'create_node': ['ssh_key']}

    NODE_STATE_MAP = {
        'CREATING': NodeState.PENDING,
        'STARTING': NodeState.STARTING,
        'STARTED': NodeState.RUNNING,
        'STOPPING': NodeState.STOPPING,
        'STOPPED': NodeState.STOPPED,
        'PAUSING': NodeState.RECONFIGURING,
        'PAUSED': NodeState.PAUSED,
        'SUSPENDING': NodeState.RECONFIGURING,
        'SUSPENDED': NodeState.SUSPENDED,
        'CAPTURING': NodeState.RECONFIGURING,
        'RESTORING': NodeState.RECONFIGURING,
        'DELETING': NodeState.RECONFIGURING,
        'ERROR': NodeState.ERROR,
    }
    VOLUME_STATE_MAP = {
        'CREATING': StorageVolumeState.CREATING,
        'AVAILABLE': StorageVolumeState.AVAILABLE,
        'CAPTURING': StorageVolumeState.BACKUP,
        'DELETING': StorageVolumeState.DELETING,
        'ERROR': StorageVolumeState.ERROR,
    }

    def __init__(self, key, secret=None, secure=True, host='127.0.0.1', port=None, ex_entry_point='/cimi/cloudEntryPoint', **kwargs):
        self._entry_path = ex_entry_point
        self._entry = None
        port = port or (443 if secure else 80)
        super().__init__(key, secret=secret or '', secure=secure, host=host, port=port, **kwargs)

    # Nodes

    def list_nodes(self, ex_filter=None):
        return [self._to_node(one) for one in self._list('machines', expand=ADDRESSES, filter=ex_filter)]

    def ex_get_node(self, node_id):
        return self._to_node(self._get(node_id, expand=ADDRESSES))

    def create_node(
        self,
        name,
        size,
        image,
        location=None,
        auth=None,
        ex_keyname=None,
        ex_userdata=None,
        ex_properties=None,
        ex_description=None,
        ex_initial_state=None,
    ):
        """
        :param auth: a NodeAuthSSHKey, brought to the cloud with this node alone
        :param ex_keyname: name of a key pair in place of that
        :param ex_userdata: text for the guest (cloud-init)
        """
        template = {'machineConfig': {'href': size.id}, 'machineImage': {'href': image.id}}
        if isinstance(auth, NodeAuthSSHKey):
            template['credential'] = {'publicKey': auth.pubkey.strip()}
        elif auth is not None:
            raise LibcloudError('a NodeAuthSSHKey is needed, not a ' + type(auth).__name__, driver=self)
        if ex_keyname is not None:
            template['credential'] = {'href': self.get_key_pair(ex_keyname).extra['id']}
        if ex_userdata is not None:
            template['userData'] = base64.b64encode(ex_userdata.encode()).decode()
        if ex_initial_state is not None:
            template['initialState'] = ex_initial_state
        values = {'name': name, 'properties': ex_properties, 'description': ex_description, 'machineTemplate': template}
        answer = self._post('machines', dict(values, cloud=self._cloud(location)))
        return self.ex_get_node(answer.headers['location'])

    def start_node(self, node):
        return self._act(node, 'start')

    def stop_node(self, node):
        return self._act(node, 'stop')

    def reboot_node(self, node):
        return self._act(node, 'restart')

    def destroy_node(self, node):
        return self._delete(node.id)

    # What nodes are made of

    def list_sizes(self, location=None):
        return [self._to_size(one) for one in self._list('machineConfigs', filter=self._in(location))]

    def list_images(self, location=None):
        return [self._to_image(one) for one in self._list('machineImages', filter=self._in(location))]

    def get_image(self, image_id):
        return self._to_image(self._get(image_id))

    def delete_image(self, node_image):
        return self._delete(node_image.id)

    def create_image(self, node, name, description=None):
        answer = self._post('machineImages', {'name': name, 'description': description, 'imageLocation': node.id})
        self._ended(answer)
        return self.get_image(answer.headers['location'])

    def list_locations(self):
        clouds = self._list('clouds') if 'clouds' in self._entry_point() else []
        found = [NodeLocation(one['key'], one.get('region') or one['key'], None, self, extra=one) for one in clouds]
        return found or [NodeLocation('', self.connection.host, None, self)]

    # Key pairs

    def list_key_pairs(self):
        return [self._to_key_pair(one) for one in self._list('credentials') if one.get('key')]

    def get_key_pair(self, name):
        for pair in self.list_key_pairs():
            if pair.name == name:
                return pair
        raise KeyPairDoesNotExistError(name=name, driver=self)

    def create_key_pair(self, name):
        answer = self._post('credentials', {'name': name, 'credentialTemplate': {}}, prefer='wait=60')
        pair = self._to_key_pair(self._get(answer.headers['location']))
        pair.private_key = answer.object.get('privateKey')
        return pair

    def import_key_pair_from_string(self, name, key_material):
        answer = self._post('credentials', {'name': name, 'credentialTemplate': {'publicKey': key_material.strip()}})
        self._ended(answer)
        return self._to_key_pair(self._get(answer.headers['location']))

    def delete_key_pair(self, key_pair):
        return self._delete(key_pair.extra['id'])

    # Volumes

    def list_volumes(self):
        return [self._to_volume(one) for one in self._list('volumes')]

    def create_volume(self, size, name, location=None, snapshot=None):
        if snapshot is not None:
            raise LibcloudError('volumes are made empty here', driver=self)
        # Whole kilobytes of 1000 bytes, and no more than what was asked for.
        config = {'capacity': int(size) * GIB // KB, 'type': MAPPED}
        answer = self._post('volumes', {'name': name, 'cloud': self._cloud(location), 'volumeTemplate': {'volumeConfig': config}})
        self._ended(answer)
        return self._to_volume(self._get(answer.headers['location']))

    def destroy_volume(self, volume):
        return self._delete(volume.id)

    def attach_volume(self, node, volume, device=None):
        machine = self._get(node.id)
        answer = self._send('POST', machine['volumes']['href'], _given({'volume': {'href': volume.id}, 'initialLocation': device}))
        self._ended(answer)
        return True

    def detach_volume(self, volume):
        # The attachments of all Machines come with one request.
        for machine in self._list('machines', expand='volumes'):
            for one in _items(machine.get('volumes', {})):
                if one.get('volume', {}).get('href') == volume.id:
                    return self._delete(one['id'])
        raise LibcloudError('the volume {} is attached to no node'.format(volume.id), driver=self)

    # Requests

    def _entry_point(self):
        if self._entry is None:
            self._entry = self._send('GET', self._entry_path).object
        return self._entry

    def _send(self, method, uri, values=None, prefer=None, **query):
        params = {'$' + name: str(value) for name, value in query.items() if value is not None}
        headers = {} if prefer is None else {'Prefer': prefer}
        data = None if values is None else json.dumps(values)
        return self.connection.request(uri, params=params, data=data, headers=headers, method=method)

    def _get(self, uri, **query):
        return self._send('GET', uri, **query).object

    def _list(self, collection, **query):
        href = self._entry_point()[collection]['href']
        found, first = {}, 1
        while True:
            page = self._get(href, first=first, last=first + WINDOW - 1, **query)
            found.update((one['id'], one) for one in _items(page))
            first += WINDOW
            if first > page.get('count', 0):
                return list(found.values())

    def _post(self, collection, values, prefer=None):
        return self._send('POST', self._entry_point()[collection]['href'], _given(values), prefer)

    def _act(self, node, action):
        body = {'resourceURI': CIMI + '/Action', 'action': '{}/action/{}'.format(CIMI, action)}
        return self._ended(self._send('POST', node.id, body))

    def _delete(self, uri):
        return self._ended(self._send('DELETE', uri))

    def _ended(self, answer):
        """Waits for the Job of an answer. Returns True; raises its words where it failed."""
        job = answer.headers.get('cimi-job-uri')
        until = time.monotonic() + JOB_SECONDS
        while job:
            told = self._send('GET', job, prefer='wait=30')
            state = told.object.get('state')
            if state == 'SUCCESS':
                break
            if state in ('FAILED', 'STOPPED'):
                raise LibcloudError(told.object.get('statusMessage', state), driver=self)
            if time.monotonic() > until:
                raise LibcloudError('the Job goes on: ' + job, driver=self)
            if 'preference-applied' not in told.headers:
                time.sleep(float(told.headers.get('retry-after', 1)))
        return True

    def _cloud(self, location):
        return location.id if location is not None and location.id else None

    def _in(self, location):
        cloud = self._cloud(location)
        return None if cloud is None else "cloud='{}'".format(cloud.replace("'", "''"))

    # Values

    def _to_node(self, one):
        ips = [
            entry['address']['ip']
            for plug in _items(one.get('networkInterfaces', {}))
            for entry in _items(plug.get('addresses', {}))
            if entry.get('address', {}).get('ip')
        ]
        inner = [ip for ip in ips if ipaddress.ip_address(ip).is_private]
        return Node(
            one['id'],
            one.get('name') or one['id'].rsplit('/', 1)[-1],
            self.NODE_STATE_MAP.get(one.get('state'), NodeState.UNKNOWN),
            [ip for ip in ips if ip not in inner],
            inner,
            self,
            extra={name: value for name, value in one.items() if name not in ('id', 'networkInterfaces')},
            created_at=None,
        )

    def _to_size(self, one):
        disks = one.get('disks') or []
        return NodeSize(
            one['id'],
            one.get('name') or one['id'].rsplit('/', 1)[-1],
            one.get('memory', 0) // KIB_OF_MIB,
            sum(disk.get('capacity', 0) for disk in disks) * KB // GIB,
            None,
            None,
            self,
            extra={'cpus': one.get('cpu'), 'cloud': one.get('cloud')},
        )

    def _to_image(self, one):
        return NodeImage(one['id'], one.get('name') or one['id'].rsplit('/', 1)[-1], self, extra=one)

    def _to_key_pair(self, one):
        line = one.get('publicKey') or bytes.fromhex(one['key']).decode('utf-8', 'replace').strip()
        words = line.split(' ')
        digest = hashlib.sha256(base64.b64decode(words[1])).digest() if len(words) > 1 else b''
        fingerprint = 'SHA256:' + base64.b64encode(digest).decode().rstrip('=')
        return KeyPair(one.get('name') or one['id'].rsplit('/', 1)[-1], line, fingerprint, self, extra={'id': one['id']})

    def _to_volume(self, one):
        size = round(one.get('capacity', 0) * KB / GIB)
        state = self.VOLUME_STATE_MAP.get(one.get('state'), StorageVolumeState.UNKNOWN)
        return StorageVolume(one['id'], one.get('name') or one['id'].rsplit('/', 1)[-1], size, self, state, extra=one)


def _items(page):
    lists = [value for name, value in page.items() if isinstance(value, list) and name not in ('operations', 'unavailableClouds')]
    return lists[0] if lists else []


def _given(values):
    return {name: value for name, value in values.items() if value is not None}
