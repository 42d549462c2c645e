import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { linesOf, samplesOf, SPANS, stepOf, type Sample, type Span } from './measured.ts';
import { Problem, readable, Time } from './parts.tsx';
import { usePolled } from './poll.ts';
import type { Item } from './reading.ts';
import { cimi, language, theme, words } from './state.ts';
import { Table } from './table.tsx';

/** Chart of what a Meter measured, and the same as a table. */

const NAMES = Object.keys(SPANS) as Span[];
const HEIGHT = 240;

/** Samples of a Meter over an hour, a day, a week or a month. */
export function MeterChart({ item }: { item: Item }) {
  const text = words();
  const [span, setSpan] = useState<Span>('hour');
  const step = stepOf(span, item['sampleInterval']);
  const { href: url = '' } = (item['samples'] ?? {}) as { href?: string };
  const { value, problem } = usePolled<{ etag: string | undefined; samples: readonly Sample[] }>(
    `samples ${item.id} ${span}`,
    async (last, signal) => {
      const query = { step, $orderby: 'timestamp:desc', $first: 1, $last: Math.ceil(SPANS[span].seconds / step) };
      const answer = await cimi.value?.send({ url, query, headers: { 'If-None-Match': last?.etag }, signal });
      const items = answer?.values && ((answer.values['samples'] ?? []) as readonly Record<string, unknown>[]);
      return items && { etag: answer?.header('ETag'), samples: samplesOf(items, span) };
    },
    () => false,
  );
  const units = String(item['units'] ?? '');
  const samples = value?.samples ?? [];
  const newest = samples.at(-1);
  return (
    <section aria-labelledby="chart">
      <h2 id="chart">{text.chart}</h2>
      <Problem text={problem} />
      <div class="bar" role="group" aria-label={text.span}>
        {NAMES.map((name) => (
          <button key={name} type="button" aria-pressed={span === name} onClick={() => setSpan(name)}>
            {text[name]}
          </button>
        ))}
      </div>
      {value && !newest && <p>{text.noSamples}</p>}
      {newest && (
        <>
          <p>
            {text.newest}: <strong>{measured(newest.value, units)}</strong>, <Time at={iso(newest.at)} />
          </p>
          <Drawing samples={samples} step={step} span={span} units={units} label={text.chart} />
          <div class="choices">
            <Table label={text.samples} head={[text.at, text.value]}>
              {samples.toReversed().map(({ at, value: each }) => (
                <tr key={at}>
                  <th scope="row">
                    <Time at={iso(at)} />
                  </th>
                  <td>
                    <span title={String(each)}>{measured(each, units)}</span>
                  </td>
                </tr>
              ))}
            </Table>
          </div>
        </>
      )}
    </section>
  );
}

/** Says a value in the unit of its Meter. */
function measured(value: number, units: string): string {
  if (units === 'bytes') return readable('capacity', value / 1000);
  if (units === 'bytes per second') return `${readable('capacity', value / 1000)}/s`;
  return `${readable('value', value)} ${units === 'percent' ? '%' : units}`;
}

const iso = (at: number): string => new Date(at * 1000).toISOString();

interface Drawn {
  samples: readonly Sample[];
  step: number;
  span: Span;
  units: string;
  label: string;
}

/** The line itself, for the eyes: the table below has its values. */
function Drawing({ samples, step, span, units, label }: Drawn) {
  const box = useRef<HTMLDivElement>(null);
  const [shownLanguage, shownTheme] = [language.value, theme.value];
  useEffect(() => {
    const target = box.current;
    if (!target) return undefined;
    const style = getComputedStyle(document.documentElement);
    const [line, grid, soft] = ['--link', '--line', '--soft'].map((name) => style.getPropertyValue(name).trim());
    const parts: Intl.DateTimeFormatOptions =
      span === 'hour' || span === 'day' ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' };
    const said = new Intl.DateTimeFormat(shownLanguage, parts);
    const axis = { stroke: soft ?? '', grid: { stroke: grid ?? '', width: 1 }, ticks: { stroke: grid ?? '', width: 1 } };
    const chart = new UPlot(
      {
        width: target.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        axes: [
          { ...axis, values: (_, times) => times.map((time) => said.format(time * 1000)) },
          { ...axis, size: 90, values: (_, values) => values.map((each) => measured(each, units)) },
        ],
        series: [{}, { stroke: line ?? '', width: 2, points: { show: samples.length < 2 } }],
      },
      linesOf(samples, step),
      target,
    );
    const sized = new ResizeObserver(() => chart.setSize({ width: target.clientWidth, height: HEIGHT }));
    sized.observe(target);
    return () => {
      sized.disconnect();
      chart.destroy();
    };
  }, [samples, step, span, units, shownLanguage, shownTheme]);
  const values = samples.map(({ value }) => value);
  const range = `${measured(Math.min(...values), units)} – ${measured(Math.max(...values), units)}`;
  return <div ref={box} class="chart" role="img" aria-label={`${label}: ${range}`} />;
}
