#!/usr/bin/env python3
"""A client of CIMI 1.1 (DSP0263) with nothing but Python's standard library.

As a module: cimi.connect('http://127.0.0.1:8080', token='...').
As a program it shows the way of a machine from its creation to its end:

    CIMI_URL=http://127.0.0.1:8080 python3 cimi.py 'Debian 12'

It logs in by CIMI_TOKEN, or by CIMI_USER and CIMI_PASSWORD; CIMI_CA is a file of certificates to trust.
"""

import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

CIMI = 'http://schemas.dmtf.org/cimi/1'
ENDS = ('SUCCESS', 'FAILED', 'STOPPED')


class CimiError(Exception):
    """What a provider refuses, or a Job that failed, in the provider's words."""

    def __init__(self, message, status=None, job=None):
        super().__init__(message)
        self.status = status
        self.job = job


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A login goes to whom it was given for, and nowhere else."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


def connect(url, token=None, user=None, password=None, ca=None, timeout=60):
    """Reads the Cloud Entry Point; its links are followed from there, no other URI is made up."""
    parts = urllib.parse.urlsplit(url)
    if parts.path.rstrip('/') in ('', '/cimi'):
        url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, '/cimi/cloudEntryPoint', '', ''))
    return Cimi(url, token, user, password, ca, timeout)


class Cimi:
    def __init__(self, url, token, user, password, ca, timeout):
        self._timeout = timeout
        self._headers = {'Accept': 'application/json'}
        if token:
            self._headers['Authorization'] = 'Bearer ' + token
        elif user:
            pair = '{}:{}'.format(user, password or '').encode()
            self._headers['Authorization'] = 'Basic ' + base64.b64encode(pair).decode()
        context = ssl.create_default_context(cafile=ca)
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
        self._origins = {_origin(url)}
        self.entry_point, _ = self.send('GET', url)
        # Behind a proxy the provider may know itself by another name; less safe than the way to it that may not be.
        base = _origin(self.entry_point.get('baseURI', url))
        if not (url.startswith('https:') and base[0] == 'http'):
            self._origins.add(base)

    def send(self, method, url, body=None, headers=None):
        """Sends a request. Returns the answer's values and headers; raises CimiError."""
        if _origin(url) not in self._origins:
            raise CimiError('{} is elsewhere than the provider: the login is not sent there'.format(url))
        data = None if body is None else json.dumps(body).encode()
        every = dict(self._headers, **(headers or {}))
        if data is not None:
            every['Content-Type'] = 'application/json'
        request = urllib.request.Request(url, data=data, headers=every, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                text = answer.read()
                return (json.loads(text) if text else {}), answer.headers
        except urllib.error.HTTPError as error:
            raise CimiError(_words(error), error.code) from None
        except urllib.error.URLError as error:
            raise CimiError('{}: {}'.format(url, error.reason)) from None

    def get(self, ref, **query):
        """Reads a resource by its URI or a reference to it; query has $expand, $select as expand=..., select=..."""
        values, _ = self.send('GET', _with(_href(ref), query))
        return values

    def list(self, collection, window=500, **query):
        """Items of a collection, by its name in the entry point, its URI or a reference; read by windows."""
        ref = self.entry_point.get(collection, collection) if isinstance(collection, str) else collection
        seen = set()
        first = 1
        while True:
            page = self.get(ref, **dict(query, first=first, last=first + window - 1))
            items = items_of(page)
            for item in items:
                if item.get('id') not in seen:
                    seen.add(item.get('id'))
                    yield item
            first += window
            if len(items) < window or first > page.get('count', 0):
                return

    def create(self, collection, values, wait=600):
        """Makes a resource and waits until its Job has ended. Returns it as it is then."""
        # Sent again with the same key, a create whose answer was lost makes nothing twice.
        headers = {'Idempotency-Key': str(uuid.uuid4())}
        _, answer = self.send('POST', _href(self.entry_point[collection]), values, headers)
        self._ended(answer, wait)
        return self.get(answer['Location'])

    def act(self, resource, action, wait=600, **more):
        """Asks for an action (start, stop, ...) and waits for its end. Returns the resource as it is then."""
        href = next((one['href'] for one in resource.get('operations', []) if one['rel'].endswith('/' + action)), resource['id'])
        body = dict(more, resourceURI=CIMI + '/Action', action='{}/action/{}'.format(CIMI, action))
        _, answer = self.send('POST', href, body)
        self._ended(answer, wait)
        return self.get(resource['id'])

    def update(self, resource, wait=600, **changes):
        """Changes attributes of a resource, and no others. Returns it as it is then."""
        _, answer = self.send('PUT', _with(resource['id'], {'select': ','.join(changes)}), changes)
        self._ended(answer, wait)
        return self.get(resource['id'])

    def delete(self, resource, wait=600):
        """Deletes a resource and waits until it is gone."""
        _, answer = self.send('DELETE', _href(resource))
        self._ended(answer, wait)

    def wait(self, job, seconds=600):
        """Waits for a Job and returns it; raises CimiError with its words where it did not succeed."""
        until = time.monotonic() + seconds
        while True:
            # A provider that lets answers wait (RFC 7240) answers when the Job ends; any other one at once.
            values, headers = self.send('GET', _href(job), headers={'Prefer': 'wait=30'})
            if values.get('state') == 'SUCCESS':
                return values
            if values.get('state') in ENDS:
                raise CimiError(values.get('statusMessage', values['state']), job=values)
            if time.monotonic() > until:
                raise CimiError('the Job goes on: {}'.format(_href(job)), job=values)
            if not headers.get('Preference-Applied'):
                time.sleep(float(headers.get('Retry-After', 1)))

    def _ended(self, answer, seconds):
        if answer.get('CIMI-Job-URI'):
            self.wait(answer['CIMI-Job-URI'], seconds)


def items_of(values):
    """Items of a collection, as it was read or as it stands in a reference with $expand."""
    lists = [value for name, value in values.items() if isinstance(value, list) and name not in ('operations', 'unavailableClouds')]
    return lists[0] if lists else []


def _href(ref):
    return ref if isinstance(ref, str) else ref.get('href') or ref['id']


def _origin(url):
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {'http': 80, 'https': 443}.get(parts.scheme)


def _with(url, query):
    given = [('$' + name, value) for name, value in query.items() if value is not None]
    text = urllib.parse.urlencode(given, quote_via=urllib.parse.quote, safe="$/,'")
    return url + ('&' if '?' in url else '?') + text if text else url


def _words(error):
    try:
        return json.loads(error.read())['statusMessage']
    except (ValueError, KeyError, TypeError):
        return '{} {}'.format(error.code, error.reason)


def main():
    env = os.environ
    cimi = connect(
        env.get('CIMI_URL', 'http://127.0.0.1:8080'),
        token=env.get('CIMI_TOKEN'),
        user=env.get('CIMI_USER'),
        password=env.get('CIMI_PASSWORD'),
        ca=env.get('CIMI_CA'),
    )
    name = sys.argv[1] if len(sys.argv) > 1 else 'Debian 12'
    image = next(cimi.list('machineImages', filter="name='{}'".format(name.replace("'", "''"))), None)
    if image is None:
        sys.exit('there is no image ' + name)
    machine = cimi.create('machines', {
        'name': 'from-python',
        'properties': {'team': 'blue'},
        'machineTemplate': {'machineConfig': {'cpu': 1, 'memory': 1048576}, 'machineImage': {'href': image['id']}},
    })
    try:
        print('made:', machine['name'], machine['state'])
        # A path in $expand goes through collections: all addresses in one request.
        whole = cimi.get(machine['id'], expand='networkInterfaces/addresses/address')
        for plug in items_of(whole.get('networkInterfaces', {})):
            for entry in items_of(plug['addresses']):
                print('address:', entry['address'].get('ip'))
        if machine['state'] == 'STARTED':
            machine = cimi.act(machine, 'stop')
        print('stopped:', machine['state'])
        machine = cimi.update(machine, description='made by cimi.py')
        print('described:', machine['description'])
        print('started:', cimi.act(machine, 'start')['state'])
        print('of the blue team:', [one['name'] for one in cimi.list('machines', filter="property['team']='blue'", select='id,name')])
    finally:
        cimi.delete(machine)
    print('deleted')


if __name__ == '__main__':
    try:
        main()
    except CimiError as error:
        sys.exit('cimi.py: {}'.format(error))
