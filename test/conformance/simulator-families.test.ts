import { conformanceSuite } from './kit/suite';
import { simulator } from './simulator';

conformanceSuite({ ...simulator, only: ['5.13', '5.14', '5.15', '5.16'] });
