import { base64Of, type Body } from './body.ts';
import { Choices } from './choices.tsx';
import { FaultNote } from './form.tsx';
import { Picker } from './picker.tsx';
import { words } from './state.ts';

/** Ways in which somebody gets onto a Machine. */
type Way = 'none' | 'existing' | 'publicKey' | 'userPassword';

/** Networks of a new Machine, and who gets onto it. */
export interface Access {
  networks: readonly string[];
  way: Way;
  credential?: string | undefined;
  publicKey: string;
  userName: string;
  password: string;
  userData: string;
}

export const NO_ACCESS: Access = { networks: [], way: 'none', publicKey: '', userName: '', password: '', userData: '' };

/** Returns the members of a MachineTemplate. */
export function accessOf(access: Access): Body {
  const { networks, way, credential, publicKey, userName, password, userData } = access;
  const credentials: Readonly<Record<Way, unknown>> = {
    none: undefined,
    existing: { href: credential },
    publicKey: { publicKey: publicKey.trim() },
    userPassword: { userName, password },
  };
  return {
    networkInterfaces: networks.map((href) => ({ network: { href } })),
    credential: credentials[way],
    userData: base64Of(userData),
  };
}

const PLACE = 'machineTemplate.credential';

/** Step that asks for them. */
export function AccessStep({ access, cloud, choose }: { access: Access; cloud: string | undefined; choose: (access: Access) => void }) {
  const text = words();
  const set = (more: Partial<Access>): void => choose({ ...access, ...more });
  const labels: Readonly<Record<Way, string>> = text;
  return (
    <>
      <Choices
        path="networks"
        label="networks"
        place="machineTemplate.networkInterfaces"
        cloud={cloud}
        columns={['state', 'networkType', 'cloud']}
        many
        chosen={access.networks}
        choose={(networks) => set({ networks })}
      />
      <fieldset id={`f-${PLACE}`} tabIndex={-1}>
        <legend>{text.credential}</legend>
        <FaultNote path={PLACE} />
        <div class="bar">
          {(['none', 'existing', 'publicKey', 'userPassword'] as const).map((way) => (
            <label class="choice" key={way}>
              <input type="radio" name="way" checked={access.way === way} onChange={() => set({ way })} />
              {labels[way]}
            </label>
          ))}
        </div>
        {access.way === 'existing' && (
          <Picker
            path="credentials"
            label={text.credential}
            href={access.credential}
            set={(credential) => set({ credential })}
            id={`p-${PLACE}`}
          />
        )}
        {access.way === 'publicKey' && (
          <textarea
            aria-label={text.publicKey}
            rows={3}
            placeholder="ssh-ed25519 AAAA…"
            value={access.publicKey}
            onInput={({ currentTarget }) => set({ publicKey: currentTarget.value })}
          />
        )}
        {access.way === 'userPassword' && (
          <div class="bar">
            <label>
              {text.user}
              <input autocomplete="off" value={access.userName} onInput={({ currentTarget }) => set({ userName: currentTarget.value })} />
            </label>
            <label>
              {text.password}
              <input
                type="password"
                autocomplete="new-password"
                value={access.password}
                onInput={({ currentTarget }) => set({ password: currentTarget.value })}
              />
            </label>
          </div>
        )}
      </fieldset>
      <div class="field">
        <label for="f-machineTemplate.userData">{text.userData}</label>
        <textarea
          id="f-machineTemplate.userData"
          rows={4}
          value={access.userData}
          onInput={({ currentTarget }) => set({ userData: currentTarget.value })}
        />
        <FaultNote path="machineTemplate.userData" />
      </div>
    </>
  );
}
