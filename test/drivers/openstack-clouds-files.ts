/** Files of clouds.yaml as people write them, by what is odd about each; held against openstacksdk by openstack-clouds.test.ts. */

const AUTH = `auth_url: 'https://keystone:5000/v3', username: ann, password: geheim-1, project_name: web`;
const LOGIN = `auth: { ${AUTH}, user_domain_name: People, project_domain_name: People }`;

/** The clouds.yaml, its secure.yaml, and the profiles beside it. */
export const CLOUDS = `
clouds:
  plain: { ${LOGIN}, region_name: north }
  ids: { auth: { auth_url: 'https://k:5000', user_id: u1, password: p-w-1, project_id: p1 } }
  tenant-names: { auth: { auth_url: 'https://k:5000/v3', username: a, password: p, tenant_name: t, user_domain_id: d } }
  tenant-and-project: { auth: { auth_url: 'https://k/v3', username: a, password: p, tenant_id: t1, project_id: p1, user_domain_id: d } }
  beside-auth:
    auth: { auth_url: 'https://k:5000/v3', username: ann, password: geheim }
    user_domain_name: People
    project_domain_name: People
    project_name: web
  login-beside-auth: { auth_url: 'https://k/v3', username: ann, password: geheim, project_id: p1, user_domain_id: d1, auth: {} }
  beside-wins-for-projects: { ${LOGIN}, project_name: other }
  auth-wins-for-users: { ${LOGIN}, username: other, password: other }
  hyphens:
    auth: { auth-url: 'https://k:5000/v3', username: ann, password: geheim, project-name: web, user-domain-name: People, project-domain-id: d9 }
    region-name: north
  one-domain: { auth: { ${AUTH}, domain_id: d1 } }
  one-domain-beside: { auth: { ${AUTH} }, domain_name: People }
  domain-and-user-domain: { auth: { ${AUTH}, domain_id: d1, user_domain_id: d2 } }
  domain-scope: { auth: { auth_url: 'https://k/v3', username: a, password: p, user_domain_id: d1, domain_id: d2 } }
  default-domain: { auth: { ${AUTH}, default_domain_id: d7 } }
  default-domain-name: { auth: { ${AUTH}, default_domain_name: D7 } }
  trust: { auth: { auth_url: 'https://k/v3', username: a, password: p, user_domain_id: d1, trust_id: t1 } }
  numbers: { auth: { auth_url: 'https://k/v3', username: 12, password: 34, project_name: 56, user_domain_id: 78 }, region_name: 9 }
  empty-values: { auth: { ${AUTH}, user_domain_name: People, project_id: '', project_domain_name: People }, region_name: '' }
  no-values: { ${LOGIN}, cacert: null, interface: null }
  application:
    auth_type: v3applicationcredential
    auth: { auth_url: 'https://k/v3', application_credential_id: ac1, application_credential_secret: s3cret-1 }
  application-by-name:
    auth_type: v3applicationcredential
    auth:
      auth_url: https://k/v3
      application_credential_name: robot
      application_credential_secret: s3cret-1
      username: ann
      user_domain_name: People
  token: { auth_type: v3token, auth: { auth_url: 'https://k/v3', token: t-1, project_id: p1 } }
  old-token: { auth_type: token, auth: { auth_url: 'https://k/v3', auth_token: t-1, project_id: p1 } }
  v3password: { auth_type: v3password, ${LOGIN} }
  plugin: { auth_plugin: v3password, ${LOGIN} }
  home-certificates: { ${LOGIN}, cacert: ~/certs/ca.pem }
  certificates: { ${LOGIN}, cacert: /etc/ssl/own.pem }
  unchecked: { ${LOGIN}, verify: false }
  unchecked-with-certificates: { ${LOGIN}, verify: no, cacert: /etc/ssl/own.pem }
  insecure: { ${LOGIN}, insecure: true, cacert: /etc/ssl/own.pem }
  insecure-text: { ${LOGIN}, insecure: 'True' }
  not-insecure: { ${LOGIN}, insecure: 'false' }
  internal: { ${LOGIN}, interface: internal }
  interfaces: { ${LOGIN}, interface: [internal, public] }
  endpoint-type: { ${LOGIN}, endpoint_type: internal }
  both-interfaces: { ${LOGIN}, endpoint_type: internal, interface: admin }
  regions: { ${LOGIN}, regions: [south, north] }
  regions-with-values:
    auth: { auth_url: 'https://{region_name}.k/v3', username: a, password: p, project_id: p1, user_domain_id: d }
    regions:
      - { name: south, values: { interface: internal, auth: { project_id: p2 } } }
      - north
  regions-in-words: { ${LOGIN}, region_name: 'south,north' }
  overrides: { ${LOGIN}, compute_endpoint_override: 'https://nova/v2.1', block_storage_endpoint_override: 'https://cinder/v3/p1' }
  older-overrides: { ${LOGIN}, image_endpoint: 'https://glance', volume_endpoint_override: 'https://cinder/v3/p1' }
  profiled: { profile: vendor, auth: { username: bob, project_id: p1, password: pw-1 } }
  profiled-otherwise: { cloud: vendor, auth: { username: bob, project_id: p1, password: pw-1, user_domain_id: own } , region_name: v2 }
  anchored: &anchored { ${LOGIN}, region_name: north }
  merged: { <<: *anchored, region_name: east }
  secret-elsewhere: { auth: { auth_url: 'https://k:5000/v3', username: ann, project_name: web, user_domain_id: d, project_domain_id: d } }
  secret-wins: { ${LOGIN} }
`;
export const SECURE = `
clouds:
  secret-elsewhere: { auth: { password: from-secure } }
  secret-wins: { auth: { password: from-secure }, region_name: from-secure }
`;
export const PUBLIC = `
public-clouds:
  vendor: { auth: { auth_url: 'https://vendor/v3', user_domain_id: default, project_domain_id: default }, region_name: v1, interface: internal }
`;
