import { assert } from './kit/assert';
import type { Answer } from './kit/wire';
import { check, clause } from './kit/define';
import type { Format } from './kit/value';
import { MEDIA } from './kit/wire';

const needs = { capabilities: ['CloudEntryPoint/FormatParameter'] };
const other = (format: Format): Format => (format === 'json' ? 'xml' : 'json');

function isIn(answer: Answer, format: Format): void {
  assert.equal(answer.is(200).mediaType, MEDIA[format], answer.said());
}

export const clauses = [
  clause('4.1.6.5', 'Specifying the Resource format', [
    check(
      '$format names the format of the answer, whatever Accept says',
      ['R4.1.6.5-02', 'R4.1.6.5-04', 'R4.1.6.5-07', 'R5.11.2-13'],
      { needs },
      async (c) => {
        isIn(await c.get(c.session.url, { query: { $format: c.format } }), c.format);
        isIn(await c.get(c.session.url, { query: { $format: c.format }, headers: { accept: MEDIA[other(c.format)] } }), c.format);
        isIn(await c.get(c.session.url, { query: { $format: other(c.format) } }), other(c.format));
      },
    ),
    check('$format is not case-sensitive', ['R4.1.6.5-06'], { needs }, async (c) => {
      const accept = MEDIA[other(c.format)];
      isIn(await c.get(c.session.url, { query: { $format: c.format.toUpperCase() }, headers: { accept } }), c.format);
    }),
    check('only the first $format counts', ['R4.1.6.5-08'], { needs }, async (c) => {
      const query: [string, string][] = [
        ['$format', other(c.format)],
        ['$format', c.format],
      ];
      isIn(await c.get(c.session.url, { query }), other(c.format));
    }),
    check('$format holds for Collections too', ['R4.1.6.5-02'], { needs: { ...needs, collections: ['machines'] } }, async (c) => {
      isIn(await c.get(c.link('machines'), { query: { $format: c.format }, headers: { accept: MEDIA[other(c.format)] } }), c.format);
    }),
  ]),
];
