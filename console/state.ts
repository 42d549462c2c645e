import { signal } from '@preact/signals';
import { CimiError, connect, fetchTransport, type Cimi } from '../sdk/index.ts';
import { english, type Words } from './english.ts';
import { russian } from './russian.ts';

/** State that all screens share: who is logged in, the language, the theme, the address. */

export interface Who {
  user: string;
  tenant: string;
  role: string;
  anonymous: boolean;
}

type Language = 'en' | 'ru';
type Theme = 'light' | 'dark';
/** Undefined until it is known. */
export const who = signal<Who | null | undefined>(undefined);
/** Reason why it could not be asked. */
export const unreached = signal<string | undefined>(undefined);
export const cimi = signal<Cimi | undefined>(undefined);
export const language = signal<Language>('en');
export const theme = signal<Theme>('light');
export const route = signal('/');

const WORDS: Readonly<Record<Language, Words>> = { en: english, ru: russian };

/** Words in the language chosen. */
export const words = (): Words => WORDS[language.value];

/** Preferences are all that is kept here. */
const kept = (name: string): string | null => localStorage.getItem(`cimi-${name}`);

export function setLanguage(chosen: Language): void {
  language.value = chosen;
  document.documentElement.lang = chosen;
  localStorage.setItem('cimi-language', chosen);
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  document.documentElement.dataset['theme'] = chosen;
  localStorage.setItem('cimi-theme', chosen);
}

/** Reads preferences, and follows the address. */
export function begin(): void {
  setLanguage((kept('language') ?? navigator.language.slice(0, 2)) === 'ru' ? 'ru' : 'en');
  setTheme((kept('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark' ? 'dark' : 'light');
  const follow = (): void => {
    route.value = location.hash.slice(1) || '/';
  };
  addEventListener('hashchange', follow);
  follow();
}

const here = new URL('.', location.href);
const PAGE = { 'X-CIMI-Console': '1' };
const SESSION = new URL('session', here).href;

/** Asks who is logged in; null: nobody. Screens begin when their client is there: what they read first is all they need. */
export async function look(): Promise<void> {
  unreached.value = undefined;
  try {
    const answer = await fetch(SESSION, { headers: PAGE });
    const known = answer.ok ? ((await answer.json()) as Who) : null;
    if (known) cimi.value = await connect(new URL('../cimi/cloudEntryPoint', here).href, { headers: PAGE, transport });
    who.value = known;
  } catch (error) {
    unreached.value = failed(error);
  }
}

/** A page at another name of the same machine (localhost) asks where it came from. */
const transport: typeof fetchTransport = (request) => {
  const url = new URL(request.url);
  return fetchTransport({ ...request, url: `${location.origin}${url.pathname}${url.search}` });
};

/** Logs in. @returns the reason why not, in the gateway's words */
export async function login(credentials: object): Promise<string | undefined> {
  const headers = { ...PAGE, 'Content-Type': 'application/json' };
  const answer = await fetch(SESSION, { method: 'POST', headers, body: JSON.stringify(credentials) });
  if (!answer.ok) return ((await answer.json()) as { problem: string }).problem;
  await look();
  return undefined;
}

/** Issuer by which one can log in. */
export interface Issuer {
  key: string;
  name: string;
}

/** Asks by which issuers one can log in; by none where it can't be asked: the form is there all the same. */
export async function issuersOfLogin(): Promise<readonly Issuer[]> {
  try {
    const answer = await fetch(new URL('login', here).href, { headers: PAGE });
    return answer.ok ? ((await answer.json()) as { issuers: Issuer[] }).issuers : [];
  } catch {
    return [];
  }
}

export async function logout(): Promise<void> {
  await fetch(SESSION, { method: 'DELETE', headers: PAGE });
  cimi.value = undefined;
  who.value = null;
}

/** Says a failure in the gateway's words; a session that is over leads to the login. */
export function failed(error: unknown): string {
  if (error instanceof CimiError && error.status === 401) who.value = null;
  return error instanceof Error ? error.message : String(error);
}

/** Address of a resource or collection in the console. */
export function addressOf(uri: string): string {
  const base = cimi.value?.entryPoint.baseURI ?? '';
  const path = uri.startsWith(base) ? uri.slice(base.length) : undefined;
  if (path === undefined) return '';
  return `#/${path.split('/').length % 2 === 0 ? 'r' : 'c'}/${path}`;
}
