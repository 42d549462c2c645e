#!/usr/bin/env python3
"""Ansible inventory of the machines behind a CIMI provider. Needs nothing but Python's standard library.

    CIMI_URL=https://cimi.example.org CIMI_TOKEN=... ansible-inventory -i cimi_inventory.py --graph
    ansible -i cimi_inventory.py cloud_aws -m ping

Environment: CIMI_URL; CIMI_TOKEN or CIMI_TOKEN_FILE, or CIMI_USER and CIMI_PASSWORD; CIMI_CA (certificates to trust);
CIMI_FILTER (a filter of CIMI that machines have to pass, such as state='STARTED').

Groups: cloud_KEY, state_STATE, system_NAME, property_KEY_VALUE, each with what no group's name may have as underscores.
A host is called as its machine, or by the end of its id where it has no name or another one has the same; ansible_host is its
public address, else a private one; ansible_user its property ssh-user; cimi_* tell the rest.
"""

import argparse
import base64
import ipaddress
import json
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

WINDOW = 500
WAY = ('networkInterfaces', 'addresses', 'address')
TOLD = ('id', 'name', 'description', 'state', 'cloud', 'cpu', 'memory', 'cpuArch', 'created', 'properties')


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A login goes to whom it was given for, and nowhere else."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


class Provider:
    def __init__(self, env):
        url = env.get('CIMI_URL', 'http://127.0.0.1:8080')
        parts = urllib.parse.urlsplit(url)
        if parts.path.rstrip('/') in ('', '/cimi'):
            url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, '/cimi/cloudEntryPoint', '', ''))
        self.headers = {'Accept': 'application/json'}
        token = env.get('CIMI_TOKEN')
        if not token and env.get('CIMI_TOKEN_FILE'):
            with open(env['CIMI_TOKEN_FILE'], encoding='utf-8') as file:
                token = file.read().strip()
        if token:
            self.headers['Authorization'] = 'Bearer ' + token
        elif env.get('CIMI_USER'):
            pair = '{}:{}'.format(env['CIMI_USER'], env.get('CIMI_PASSWORD', ''))
            self.headers['Authorization'] = 'Basic ' + base64.b64encode(pair.encode()).decode()
        context = ssl.create_default_context(cafile=env.get('CIMI_CA'))
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=context))
        self.origins = {origin(url)}
        self.entry = self.get(url)
        base = origin(self.entry.get('baseURI', url))
        if not (url.startswith('https:') and base[0] == 'http'):
            self.origins.add(base)

    def get(self, url, **query):
        if origin(url) not in self.origins:
            raise SystemExit('cimi_inventory: {} is elsewhere than the provider: the login is not sent there'.format(url))
        text = urllib.parse.urlencode([('$' + name, value) for name, value in query.items()], quote_via=urllib.parse.quote)
        request = urllib.request.Request(url + ('?' + text if text else ''), headers=self.headers)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit('cimi_inventory: {}: {}'.format(url, words(error))) from None
        except (urllib.error.URLError, OSError) as error:
            raise SystemExit('cimi_inventory: {}: {}'.format(url, getattr(error, 'reason', error))) from None

    def list(self, name, **query):
        first = 1
        while name in self.entry:
            page = self.get(self.entry[name]['href'], first=first, last=first + WINDOW - 1, **query)
            for cloud in page.get('unavailableClouds', []) if first == 1 else []:
                print('cimi_inventory: without what is in {}'.format(cloud), file=sys.stderr)
            yield from items(page)
            first += WINDOW
            if first > page.get('count', 0):
                return

    def whole(self, ref):
        """What a reference leads to: beside its href where the provider expands paths, else read."""
        return ref if len(ref) > 1 else self.get(ref['href'])

    def addresses(self, machine):
        reached = [machine]
        for name in WAY:
            targets = [self.whole(one[name]) for one in reached if name in one]
            reached = targets if name == 'address' else [item for one in targets for item in items(one)]
        return [one['ip'] for one in reached if one.get('ip')]


def items(page):
    lists = [value for name, value in page.items() if isinstance(value, list) and name not in ('operations', 'unavailableClouds')]
    return lists[0] if lists else []


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {'http': 80, 'https': 443}.get(parts.scheme)


def words(error):
    try:
        return json.load(error)['statusMessage']
    except (ValueError, KeyError, TypeError):
        return '{} {}'.format(error.code, error.reason)


def best(ips):
    """The address by which a machine is best reached: a public one, else a private one."""
    known = []
    for ip in ips:
        try:
            known.append((not ipaddress.ip_address(ip).is_global, ip))
        except ValueError:
            continue
    return min(known, key=lambda one: one[0])[1] if known else None


def group(*parts):
    return re.sub(r'[^A-Za-z0-9_]', '_', '_'.join(parts))


def inert(value):
    """A text that people gave, so that Ansible never takes it for a template."""
    if isinstance(value, str) and ('{{' in value or '{%' in value or '{#' in value):
        return {'__ansible_unsafe': value}
    if isinstance(value, dict):
        return {name: inert(one) for name, one in value.items()}
    return value


def inventory(provider, env):
    query = {'expand': '/'.join(WAY)}
    if env.get('CIMI_FILTER'):
        query['filter'] = env['CIMI_FILTER']
    machines = list(provider.list('machines', **query))
    names = [machine.get('name') for machine in machines]
    hostvars, groups, host_of = {}, {}, {}
    for machine in machines:
        name, end = machine.get('name'), machine['id'].rsplit('/', 1)[-1]
        # Blanks and the like would make several hosts of one in patterns.
        host = name if name and names.count(name) == 1 and re.fullmatch(r'[\w.-]+', name) else end
        host_of[machine['id']] = host
        ips = provider.addresses(machine)
        told = {'cimi_' + key: inert(machine[key]) for key in TOLD if key in machine}
        address, user = best(ips), machine.get('properties', {}).get('ssh-user')
        hostvars[host] = dict(told, cimi_addresses=ips)
        if address:
            hostvars[host]['ansible_host'] = address
        if user and re.fullmatch(r'[\w.-]+', user):
            hostvars[host]['ansible_user'] = user
        for key in ('cloud', 'state'):
            if machine.get(key):
                groups.setdefault(group(key, machine[key]), []).append(host)
        for key, value in machine.get('properties', {}).items():
            groups.setdefault(group('property', key, value), []).append(host)
    for system in provider.list('systems', expand='machines'):
        members = items(provider.whole(system['machines'])) if 'machines' in system else []
        hosts = [host_of[one['machine']['href']] for one in members if one.get('machine', {}).get('href') in host_of]
        if hosts:
            groups.setdefault(group('system', system.get('name') or system['id'].rsplit('/', 1)[-1]), []).extend(hosts)
    listed = {name: {'hosts': sorted(set(hosts))} for name, hosts in sorted(groups.items())}
    return dict(listed, all={'hosts': sorted(hostvars)}, _meta={'hostvars': hostvars})


def main():
    parser = argparse.ArgumentParser(description='Ansible inventory of the machines behind a CIMI provider')
    parser.add_argument('--list', action='store_true', help='all hosts and groups')
    parser.add_argument('--host', help='variables of one host')
    asked = parser.parse_args()
    told = inventory(Provider(os.environ), os.environ)
    print(json.dumps(told['_meta']['hostvars'].get(asked.host, {}) if asked.host else told, indent=2))


if __name__ == '__main__':
    main()
