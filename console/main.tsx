import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Jobs } from './jobs.tsx';
import { List } from './list.tsx';
import { Overview } from './overview.tsx';
import { Problem, Title } from './parts.tsx';
import { ResourcePage } from './resource.tsx';
import { followAgain, followNothing } from './changes.ts';
import { Toasts } from './toasts.tsx';
import { Wizard } from './wizard.tsx';
import {
  begin,
  cimi,
  type Issuer,
  issuersOfLogin,
  language,
  login,
  logout,
  look,
  route,
  setLanguage,
  setTheme,
  theme,
  unreached,
  who,
  words,
} from './state.ts';

/** Collections of the menu, where the entry point has them. */
const MENU = ['systems', 'machines', 'volumes', 'networks', 'machineImages', 'credentials', 'meters', 'eventLogs'];

function Screen() {
  const [path = '', query = ''] = route.value.split('?');
  const [, kind, ...rest] = path.split('/');
  const below = rest.join('/');
  if (kind === 'c' && below === 'jobs') return <Jobs />;
  if (kind === 'c') return <List key={route.value} path={below} query={new URLSearchParams(query)} />;
  if (kind === 'r') return <ResourcePage key={below} path={below} />;
  if (kind === 'new' && below === 'machines') return <Wizard />;
  return <Overview />;
}

function Login() {
  const text = words();
  const [byToken, setByToken] = useState(false);
  const [problem, setProblem] = useState<string>();
  const send = async (form: HTMLFormElement): Promise<void> => {
    setProblem(await login(Object.fromEntries(new FormData(form))));
  };
  return (
    <main id="content">
      <form
        class="login"
        onSubmit={(event) => {
          event.preventDefault();
          void send(event.currentTarget);
        }}
      >
        <Title text={text.title} />
        <Problem text={problem} />
        {byToken ? (
          <label key="token">
            {text.token}
            <input name="token" type="password" required autocomplete="off" />
          </label>
        ) : (
          <>
            <label key="user">
              {text.user}
              <input name="user" required autocomplete="username" />
            </label>
            <label key="password">
              {text.password}
              <input name="password" type="password" required autocomplete="current-password" />
            </label>
          </>
        )}
        <button type="submit">{text.login}</button>
        <Issuers />
        <button type="button" onClick={() => setByToken(!byToken)}>
          {byToken ? text.byPassword : text.byToken}
        </button>
        <Preferences />
      </form>
    </main>
  );
}

/** A way to log in by each issuer; the screen that was asked for comes afterwards. */
function Issuers() {
  const [issuers, setIssuers] = useState<readonly Issuer[]>([]);
  useEffect(() => void issuersOfLogin().then(setIssuers), []);
  return (
    <>
      {issuers.map(({ key, name }) => (
        <a key={key} class="button" href={`login/${key}?go=${encodeURIComponent(`#${route.value}`)}`}>
          {words().loginBy(name)}
        </a>
      ))}
    </>
  );
}

function Preferences() {
  const text = words();
  return (
    <div class="bar">
      <label>
        {text.language}
        <select value={language.value} onChange={({ currentTarget }) => setLanguage(currentTarget.value === 'ru' ? 'ru' : 'en')}>
          <option value="en" lang="en">
            English
          </option>
          <option value="ru" lang="ru">
            Русский
          </option>
        </select>
      </label>
      <label>
        {text.theme}
        <select value={theme.value} onChange={({ currentTarget }) => setTheme(currentTarget.value === 'dark' ? 'dark' : 'light')}>
          <option value="light">{text.light}</option>
          <option value="dark">{text.dark}</option>
        </select>
      </label>
    </div>
  );
}

function Shell() {
  const text = words();
  const entry = (cimi.value?.entryPoint ?? {}) as unknown as Record<string, unknown>;
  const links = [
    ['/', text.overview],
    ...MENU.filter((name) => name in entry).map((name) => [`/c/${name}`, name]),
    ['/c/jobs', text.jobs],
  ] as const;
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById('content')?.focus())}>
        {text.skip}
      </a>
      <header class="top">
        <strong>{text.title}</strong>
        <nav aria-label={text.collections}>
          {links.map(([to = '', label]) => (
            <a key={to} href={`#${to}`} aria-current={route.value.split('?')[0] === to ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <Preferences />
        <span>
          {who.value?.user} ({who.value?.role})
        </span>
        {who.value?.anonymous === false && (
          <button type="button" onClick={() => void logout().then(followNothing)}>
            {text.logout}
          </button>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        {who.value?.anonymous === true && <p class="note">{text.anonymous}</p>}
        <Screen />
      </main>
    </>
  );
}

/** Page while it is not known who is there; where the gateway does not answer, it is asked again by hand. */
function Beginning() {
  const text = words();
  const problem = unreached.value;
  if (problem === undefined) return <main>{text.loading}</main>;
  return (
    <main>
      <Title text={text.title} />
      <Problem text={problem} />
      <button type="button" onClick={() => void look()}>
        {text.again}
      </button>
    </main>
  );
}

function App() {
  const known = who.value;
  return (
    <>
      {known === undefined ? <Beginning /> : known === null ? <Login /> : <Shell />}
      <Toasts />
    </>
  );
}

begin();
render(<App />, document.body);
void look().then(followAgain);
