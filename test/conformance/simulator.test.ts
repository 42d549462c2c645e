import { conformanceSuite } from './kit/suite';
import { simulator } from './simulator';

conformanceSuite({ ...simulator, only: ['4', '5.1', '5.2', '5.3', '5.4', '5.5', '5.7', '5.8', '5.10', '5.11', '5.12'] });
