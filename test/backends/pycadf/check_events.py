"""What pycadf finds wrong with each CADF event of a JSON list, as a JSON list of lists of words."""
import json
import sys

from pycadf import attachment, cadftaxonomy, event, host, reason, resource, timestamp


def resource_of(given):
    made = resource.Resource(typeURI=given['typeURI'], id=given['id'], **{key: given[key] for key in ('name', 'domain') if key in given})
    if 'host' in given:
        made.host = host.Host(**given['host'])
    return made


def faults(given):
    found = []
    try:
        made = event.Event(
            eventType=given['eventType'], id=given['id'], eventTime=given['eventTime'], action=given['action'],
            outcome=given['outcome'], initiator=resource_of(given['initiator']), target=resource_of(given['target']),
            observer=resource_of(given['observer']), reason=reason.Reason(**given['reason']) if 'reason' in given else None)
        for one in given.get('attachments', []):
            made.add_attachment(attachment.Attachment(**{key: one[key] for key in ('typeURI', 'content', 'name')}))
    except (KeyError, TypeError, ValueError) as error:
        return ['{}: {}'.format(type(error).__name__, error)]
    if not made.is_valid():
        found.append('the event is not valid')
    for name in ('initiator', 'target', 'observer'):
        if not getattr(made, name).is_valid():
            found.append('{} is not valid'.format(name))
        if not cadftaxonomy.is_valid_resource(given[name]['typeURI']):
            found.append('{}: {} is no resource of the taxonomy'.format(name, given[name]['typeURI']))
    if not cadftaxonomy.is_valid_action(given['action']):
        found.append('{} is no action of the taxonomy'.format(given['action']))
    if not cadftaxonomy.is_valid_outcome(given['outcome']):
        found.append('{} is no outcome of the taxonomy'.format(given['outcome']))
    if not timestamp.is_valid(given['eventTime']) or given['eventTime'].endswith('Z'):
        found.append('{} is no time of CADF'.format(given['eventTime']))
    return found


print(json.dumps([faults(one) for one in json.load(sys.stdin)]))
