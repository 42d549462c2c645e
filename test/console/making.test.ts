import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { eventually } from '../harness/wait';
import { PUBLIC_KEY } from '../protocol/scene';
import { visits } from './visit';

/** Making things in the console: machines step by step, all else by forms, by the keyboard too. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits();
  const { enter, go, jsonOf, press } = visit;

  test('a machine is made step by step; its Job is followed on other screens, and over a reload', async () => {
    await enter('olga', '#/c/machines');
    await press('Create machines');
    await visit.page.getByRole('radio', { name: /^sim/ }).check();
    await press('Next');
    await visit.page.getByRole('radio', { name: 'Choose Debian 12 sim.img-debian-12', exact: true }).check();
    await press('Next');
    // Nothing is chosen: the gateway's refusal leads back to what it names.
    await press('Name and summary');
    await press('Create Machine');
    await visit.page.getByRole('heading', { level: 2, name: 'Size' }).waitFor();
    await visit.page.getByRole('alert').waitFor();
    expect(await visit.page.evaluate('document.activeElement.id')).toBe('f-machineTemplate.machineConfig');
    await visit.page.getByRole('radio', { name: /sim.s1_2enano$/ }).check();
    await press('Next');
    await visit.page.getByRole('checkbox', { name: /sim.net-default$/ }).check();
    await visit.page.getByRole('radio', { name: 'A public key' }).check();
    await visit.page.getByRole('textbox', { name: 'A public key' }).fill(PUBLIC_KEY);
    await visit.page.getByLabel('User data').fill('#cloud-config\n# ä');
    await press('Next');
    await press('Next');
    await visit.page.getByLabel('name', { exact: true }).fill('made-by-hand');
    await visit.page.getByLabel('JSON').getByText(PUBLIC_KEY).waitFor();
    await visit.page.getByLabel('curl', { exact: true }).getByText('curl -X POST -u USER').waitFor();
    const QUICK = 20;
    const delays = {
      start: QUICK,
      stop: QUICK,
      pause: QUICK,
      suspend: QUICK,
      restart: QUICK,
      restore: QUICK,
      delete: QUICK,
      capture: QUICK,
    };
    visit.scene.control.set({ delays: { ...delays, create: 3_600_000 } });
    await press('Create Machine');
    await visit.page.getByRole('heading', { level: 1, name: 'machines' }).waitFor();
    const going = visit.page.getByRole('status').getByRole('progressbar');
    await going.waitFor();
    await go('#/c/jobs');
    await going.waitFor();
    await visit.page.reload();
    await going.waitFor();
    const made = await eventually(() => visit.scene.control.instances().find(({ label }) => label === 'made-by-hand'));
    visit.scene.control.resetSettings();
    visit.scene.control.setPhase(made.id, 'running');
    await visit.page.getByRole('link', { name: 'Create Machine: done' }).click();
    await visit.page.getByRole('heading', { level: 1, name: 'made-by-hand' }).waitFor();
    await visit.page.getByRole('row', { name: 'state STARTED' }).waitFor();
    // What happened to it stands below.
    await visit.page.getByRole('group', { name: 'Events' }).getByRole('row').nth(1).waitFor();
    // Operations ask for what they take, and show the request.
    await press('stop');
    await visit.page.getByRole('dialog').getByLabel('force').selectOption('true');
    await visit.page.getByText('The request').click();
    await visit.page.getByLabel('JSON').getByText('"action": "http://schemas.dmtf.org/cimi/1/action/stop"').waitFor();
    await press('Send');
    await visit.page.getByRole('row', { name: 'state STOPPED' }).waitFor();
    await press('capture');
    await visit.page.getByRole('dialog').getByLabel('name').fill('captured');
    await press('Send');
    await visit.page.getByRole('link', { name: 'capture: done' }).click();
    await visit.page.getByRole('heading', { level: 1, name: 'captured' }).waitFor();
  });

  test('any other thing is made by the form of its type, which shows what the gateway refuses', async () => {
    await enter('olga', '#/c/volumes');
    await press('Create volumes');
    await visit.page.getByRole('heading', { level: 2, name: 'Create Volume' }).waitFor();
    await visit.page.getByLabel('name', { exact: true }).fill('disk-1');
    await press('Send');
    // Needed, and named by the gateway: at the field itself.
    const template = visit.page.getByRole('group', { name: /^volumeTemplate/ });
    await template.locator('..').getByRole('alert').waitFor();
    await visit.page.getByText('Values of its own').first().click();
    await visit.page.getByText('Values of its own').nth(1).click();
    await visit.page.getByLabel(/^capacity/).fill('1000000');
    await visit.page.getByText('The request').click();
    await visit.page.getByLabel('JSON').getByText('"capacity": 1000000').waitFor();
    await press('Send');
    // Its cloud is asked for next, and offered.
    const cloud = visit.page.getByLabel('cloud', { exact: true }).first();
    await cloud.locator('..').getByRole('alert').waitFor();
    await cloud.selectOption('sim');
    await press('Send');
    await visit.page.getByRole('link', { name: 'Create Volume: done' }).click();
    await visit.page.getByRole('row', { name: /^capacity 1\S* GB/ }).waitFor();
    // What is deleted is named once more.
    await press('Delete');
    const sure = visit.page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    expect(await sure.isDisabled()).toBe(true);
    await visit.page.getByRole('dialog').getByRole('textbox').fill('disk-1');
    await sure.click();
    await visit.page.getByText('delete: done').waitFor();
  });

  test('something is made by the keyboard alone', async () => {
    await enter('olga', '#/c/machineConfigs');
    await visit.page.getByRole('button', { name: 'Create machineConfigs' }).waitFor();
    const on = 'document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent';
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        if (name.test(String(await visit.page.evaluate(on)))) return;
        await visit.page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not lead to ${String(name)}`);
    };
    await tabTo(/^Create machineConfigs$/);
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('button', { name: 'Send' }).waitFor();
    await visit.page.keyboard.press('Escape');
    await visit.page.getByRole('dialog').waitFor({ state: 'detached' });
    // What was left is where it goes on.
    expect(await visit.page.evaluate(on)).toBe('Create machineConfigs');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('button', { name: 'Send' }).waitFor();
    await tabTo(/^name$/);
    await visit.page.keyboard.type('typed');
    await tabTo(/^cpu/);
    await visit.page.keyboard.type('2');
    await tabTo(/^memory/);
    await visit.page.keyboard.type('1048576');
    await tabTo(/^Send$/);
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('row', { name: /typed/ }).waitFor();
    expect((await jsonOf("machineConfigs?$filter=name='typed'"))['machineConfigurations']).toMatchObject([{ cpu: 2, memory: 1_048_576 }]);
  });
});
