// Says whether what comes on standard input is an OpenAPI document:
//   curl -s http://127.0.0.1:8080/openapi.json | node scripts/check-openapi.mjs
import { text } from 'node:stream/consumers';
import { Validator } from '@seriousme/openapi-schema-validator';

const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(await text(process.stdin)));
console.log(valid ? `valid, OpenAPI ${validator.version}` : JSON.stringify(errors, undefined, 2));
process.exitCode = valid ? 0 : 1;
