import { openScene } from '../protocol/scene';
test('x', async () => { const s = await openScene(); console.log((await s.client.get("resourceMetadata?$filter=typeURI='http://schemas.dmtf.org/cimi/1/Network'")).text.slice(0,6000));
 s.control.fail({ method: 'networks.create', kind: 'quota', message: 'no more nets' });
 const a = await s.client.post('networks', { name: 'never', networkTemplate: {} }); await s.client.ended(a);
 console.log(a.text, (await s.client.get("networks")).text);
 await s.close(); });
