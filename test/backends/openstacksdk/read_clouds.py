"""What openstacksdk makes of every cloud in the clouds.yaml that it finds, as JSON: the options that a login and the services need."""
import json
import logging

from openstack.config import OpenStackConfig

logging.disable(logging.CRITICAL)
AUTH = ('auth_url', 'username', 'user_id', 'password', 'user_domain_name', 'user_domain_id', 'application_credential_id',
        'application_credential_name', 'application_credential_secret', 'token', 'project_name', 'project_id', 'project_domain_name',
        'project_domain_id', 'domain_name', 'domain_id', 'default_domain_id', 'default_domain_name', 'trust_id')
SERVICES = {'compute': 'compute', 'image': 'image', 'network': 'network', 'volume': 'block-storage'}


def read(config, name):
    region = config.get_one(name)
    verify, _ = region.get_requests_verify_args()
    auth = region.config['auth']
    return {
        'auth_type': region.config['auth_type'],
        'auth': {key: str(auth[key]) for key in AUTH if auth.get(key) not in (None, '')},
        'region': region.region_name or None,
        'interface': region.get_interface('compute'),
        'verify': verify,
        'endpoints': {key: region.get_endpoint(service) for key, service in SERVICES.items() if region.get_endpoint(service)},
    }


found = {}
config = OpenStackConfig()
for name in config.get_cloud_names():
    try:
        found[name] = read(config, name)
    except Exception as error:
        found[name] = {'error': str(error)}
print(json.dumps(found))
