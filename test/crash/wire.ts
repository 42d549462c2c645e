import type { Moment } from '../../src/jobs/engine-context';

/** A step boundary, as the workflow tables name it. */
export interface Place {
  workflow: string;
  step: string;
  moment: Moment;
}

/** Place in the reading of Meters: before the cloud is asked, after its answer, after the write, after the write was committed. */
export type SamplingPlace = 'due' | 'answered' | 'written' | 'committed';

/** Order of a parent to a gateway for step boundaries. */
export type Order =
  | { do: 'pass' }
  /** Ends by SIGKILL once `jobs` Jobs stand at the place or at others that are named, or stands still until told to pass. */
  | ({ do: 'kill' | 'stand'; jobs: number; also?: readonly Place[] } & Place)
  /** The same where each Job of a workflow has a place of its own: it waits where it is leased until it is sent there. */
  | { do: 'kill' | 'stand'; jobs: number; workflow: string }
  | { do: 'send'; job: string; to: Place }
  /** Never tells the queue of a Job; ends by SIGKILL once it should have told it of so many. */
  | { do: 'killUntold'; jobs: number }
  /** Ends by SIGKILL once the reading of Meters comes to the place. */
  | { do: 'killSampling'; at: SamplingPlace }
  /** Look for due Jobs now. */
  | { do: 'sweep' };

/** Report of a gateway to its parent. */
export type Report = { is: 'heard' } | { is: 'standing' } | { is: 'ready'; entryPoint: string };
