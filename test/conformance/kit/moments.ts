const QUICK = 'the counterpart may be done before anybody looks';

/** Checks of what is so for a moment only: a counterpart in the tests may be too quick for it to be seen every time. */
export const MOMENTS: Readonly<Record<string, string>> = {
  '4.2 a Machine that is STOPPING and offers stop takes it': QUICK,
  '4.2.1.1 a Machine is CREATING while it is being created': QUICK,
  '4.2.1.3 a 200 with a body carries Content-Type and Content-Length': 'the counterpart may take longer than the gateway waits',
  '4.2.1.4 a Machine is DELETING while it is being deleted': QUICK,
  '5.15.1 while CAPTURING a Volume offers nothing but delete': QUICK,
  '5.17.1.1 stop leads through STOPPING to STOPPED, and says what is so of its resource': QUICK,
  '5.17.1.1 the Job of an action that was stopped says of the Machine what is so, and names it': QUICK,
  '5.17.1.1 deleting a running Job stops it first, or fails where it offers no stop': QUICK,
};
