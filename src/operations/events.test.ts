import { EVENT_TYPES } from '../model/event-types';
import { accessEvent, alarmEvent, modelEvent, ownEvent, stateEvent, subjectOf } from './events';

const subject = subjectOf({ tenant: 'acme', path: 'machines/a', type: 'Machine', values: { name: 'web' } });
const common = { tenant: 'acme', resource: 'machines/a', resourceType: 'Machine' };

test('each type has the content of Table 57, but for what is laid in when it is told', () => {
  expect(stateEvent(subject, 'STOPPED', { previous: 'STARTED', at: 5 })).toEqual({
    ...common,
    type: EVENT_TYPES.state,
    content: { resName: 'web', state: 'STOPPED', previous: 'STARTED' },
    outcome: 'Status',
    severity: 'low',
    at: 5,
  });
  expect(alarmEvent(subject, 'instance-retirement', { detail: 'soon', severity: 'high', told: { cloud: 'ec2', id: 'e-1' } })).toEqual({
    ...common,
    type: EVENT_TYPES.alarm,
    content: { resName: 'web', code: 'instance-retirement', detail: 'soon' },
    outcome: 'Warning',
    severity: 'high',
    told: { cloud: 'ec2', id: 'e-1' },
  });
  expect(modelEvent(subject, 'update', { job: 'j', outcome: 'Pending' })).toEqual({
    ...common,
    type: EVENT_TYPES.model,
    content: { resName: 'web', change: 'update' },
    outcome: 'Pending',
    job: 'j',
  });
  expect(accessEvent(subject, 'PUT', { initiator: 'ann', outcome: 'Success' })).toEqual({
    ...common,
    type: EVENT_TYPES.access,
    content: { operation: 'PUT', initiator: 'ann' },
    outcome: 'Success',
  });
});

test('what is not known is left out, and own types bring their own content', () => {
  expect(modelEvent({ ...subject, name: '' }, 'delete').content).toEqual({ change: 'delete' });
  expect(ownEvent('http://events.example/moved', subject, { to: 'rack 4', from: undefined }, { outcome: 'Status' })).toEqual({
    ...common,
    type: 'http://events.example/moved',
    content: { to: 'rack 4' },
    outcome: 'Status',
  });
});
