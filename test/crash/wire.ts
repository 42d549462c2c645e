import type { Moment } from '../../src/jobs/kit';

/** A step boundary, as the workflow tables name it. */
export interface Place {
  workflow: string;
  step: string;
  moment: Moment;
}

/** What a parent tells a gateway to do at step boundaries. */
export type Order =
  | { do: 'pass' }
  /** Once `jobs` Jobs stand at the place: end by SIGKILL, or stand still until told to pass. */
  | ({ do: 'kill' | 'stand'; jobs: number } & Place)
  /** Never tell the queue of a Job; end by SIGKILL once it should have been told of so many. */
  | { do: 'killUntold'; jobs: number }
  /** Look for due Jobs now. */
  | { do: 'sweep' };

/** What a gateway tells its parent. */
export type Report = { is: 'heard' } | { is: 'standing' } | { is: 'ready'; entryPoint: string };
