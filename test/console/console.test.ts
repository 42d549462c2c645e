import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { comesTrue } from '../harness/wait';
import { visits } from './visit';

/** The console in a browser: logins, lists, resources, roles and languages. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits();
  const { enter, go, origin, refresh, seen } = visit;

  test('a wrong password is told in words; logged in, the clouds are there, and a failing one says why', async () => {
    await visit.page.goto(`${origin()}/console/`);
    await visit.page.getByLabel('User').fill('olga');
    await visit.page.getByLabel('Password').fill('wrong');
    await visit.page.getByRole('button', { name: 'Log in' }).click();
    await seen('the name or the password is wrong');
    await visit.page.getByLabel('Password').fill('pw-olga');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await visit.page.getByRole('row', { name: /sim.*UP/ }).waitFor();
    // How much of the account's bounds is used comes with a later look.
    await comesTrue(async () => {
      await refresh();
      await visit.page.getByRole('meter', { name: /^machines: 61 \/ 200$/ }).waitFor({ timeout: 500 });
    });
    visit.scene.controlOf('two').fail({ method: '*', kind: 'unavailable', message: 'the power is out', times: 1_000 });
    for (let times = 0; times < 3; times += 1) await visit.operator.get('clouds/two/machines');
    await refresh();
    await visit.page.getByRole('row', { name: /two.*DOWN.*the power is out/ }).waitFor();
    await go('#/c/machines');
    await seen('Missing, since they do not answer: two');
    visit.scene.controlOf('two').clearFailures();
    await visit.page.getByRole('button', { name: 'Log out' }).click();
    await visit.page.getByLabel('User').waitFor();
    expect((await visit.context.cookies())[0]?.value ?? '').toBe('');
  });

  test('a screen is whole without a second look, after the login and by its address', async () => {
    // Timers of a second and more never come: what is shown was read at once.
    await visit.page.addInitScript(
      '{ const real = setTimeout; setTimeout = (work, ms, ...more) => (ms >= 1000 ? 0 : real(work, ms, ...more)); }',
    );
    await enter('olga');
    await visit.page.getByRole('row', { name: /^sim .*simulator/ }).waitFor();
    await visit.page.getByRole('row', { name: /^machines 6\d/ }).waitFor();
    await visit.page
      .getByText(/No Jobs|SUCCESS|FAILED/)
      .first()
      .waitFor();
    for (const [at, text] of [
      ['#/', 'simulator'],
      ['#/c/machines', 'web-4'],
      ['#/r/machines/sim.vm-4', 'cpuArch'],
      ['#/c/jobs', 'Progress'],
    ] as const) {
      await visit.page.goto('about:blank');
      await go(at);
      await seen(text);
    }
  });

  test('a gateway that does not answer is told, and asked again by hand', async () => {
    await enter('olga');
    await visit.page.route('**/console/session', (route) => route.abort());
    await visit.page.reload();
    await visit.page.getByRole('alert').waitFor();
    await visit.page.unroute('**/console/session');
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await visit.page.getByRole('row', { name: /^sim .*simulator/ }).waitFor();
  });

  test('selection, scroll and focus outlive refreshes with rows that change', async () => {
    await enter('olga', '#/c/machines');
    await visit.page.getByLabel('Select web-5', { exact: true }).check();
    await visit.page.getByLabel('Select web-9', { exact: true }).check();
    const before = await visit.page.evaluate('[scrollY, document.activeElement.getAttribute("aria-label")]');
    for (let times = 0; times < 20; times += 1) {
      visit.scene.control.relabel(`vm-${20 + times}`, { label: `other-${times}` });
      await refresh();
      await visit.page.getByRole('link', { name: `other-${times}`, exact: true }).waitFor();
    }
    expect(await visit.page.evaluate('[scrollY, document.activeElement.getAttribute("aria-label")]')).toEqual(before);
    expect(await visit.page.getByLabel('Select web-5', { exact: true }).isChecked()).toBe(true);
    await seen('2 selected');
    await visit.page.getByRole('button', { name: 'stop', exact: true }).click();
    await visit.page.getByRole('button', { name: 'Do it' }).click();
    for (const name of ['web-5', 'web-9']) await visit.page.getByRole('row', { name: new RegExp(`${name} STOPPED`) }).waitFor();
    await go('#/c/jobs');
    await visit.page
      .getByRole('row', { name: /stop SUCCESS/ })
      .first()
      .waitFor();
  });

  test('a resource shows what can be done with it; an edit of an old version shows the new one', async () => {
    await enter('olga', `#/r/machines/sim.vm-1`);
    await visit.page.getByRole('heading', { level: 1, name: 'web-1' }).waitFor();
    await visit.page.getByRole('button', { name: 'Edit' }).click();
    visit.scene.control.relabel('vm-1', { note: 'by somebody else' });
    await visit.page.getByLabel('Description').fill('mine');
    await visit.page.getByRole('button', { name: 'Save' }).click();
    await seen('by somebody else');
    await visit.page.getByRole('button', { name: 'Save' }).click();
    await comesTrue(async () => {
      const { json } = await visit.operator.get('machines/sim.vm-1');
      expect(String(json.description)).toBe('mine');
    });
    await visit.page.getByRole('button', { name: 'Show JSON' }).click();
    await visit.page.getByText('"resourceURI"').waitFor();
  });

  test('an idle gateway answers what an open page asks again with 304', async () => {
    const answers: string[] = [];
    const pending = new Set<unknown>();
    const isOurs = (request: { url(): string }): boolean => request.url().includes('/cimi/');
    visit.page.on('request', (request) => void (isOurs(request) && pending.add(request)));
    visit.page.on('requestfailed', (request) => void pending.delete(request));
    visit.page.on('requestfinished', (request) => void pending.delete(request));
    visit.page.on('response', (answer) => {
      if (isOurs(answer)) answers.push(`${answer.status()} ${answer.url()}`);
    });
    /** Waits until nothing is under way, and what was answered is drawn. */
    const settled = (): Promise<void> =>
      comesTrue(async () => {
        await visit.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
        expect([pending.size, answers.length > 0]).toEqual([0, true]);
      });
    await enter('olga');
    for (const screen of ['', '#/c/machines', '#/c/jobs', '#/c/clouds', '#/c/machineImages', '#/r/machines/sim.vm-3']) {
      await go(screen);
      await settled();
      const looked = async (): Promise<void> => {
        answers.length = 0;
        await refresh();
        await settled();
        expect([screen, answers.filter((answer) => !answer.startsWith('304'))]).toEqual([screen, []]);
      };
      // What the first looks had asked for in the background (quotas) is told by a later one.
      await comesTrue(looked);
      for (let times = 0; times < 3; times += 1) await looked();
    }
  });

  test('a reader is offered nothing that it may not do', async () => {
    await enter('rita', '#/r/machines/sim.vm-2');
    await visit.page.getByRole('heading', { level: 1, name: 'web-2' }).waitFor();
    expect(await visit.page.getByRole('button', { name: /stop|Delete|Edit/ }).count()).toBe(0);
  });

  test('in Russian everything of the console’s own is Russian, and stays so', async () => {
    await enter('olga');
    await visit.page.getByLabel('Language').selectOption('ru');
    await visit.page.getByRole('heading', { level: 1, name: 'Обзор' }).waitFor();
    await visit.page.reload();
    await visit.page.getByRole('heading', { level: 1, name: 'Обзор' }).waitFor();
    expect(await visit.page.evaluate('document.documentElement.lang')).toBe('ru');
    await go('#/c/machines');
    await visit.page.getByLabel('Выбрать web-1', { exact: true }).check();
    await seen('выбран: 1');
  });
});
