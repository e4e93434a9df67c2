/**
 * Takes secrets out of text on its way to a log, an error or a screen: the given ones however they are spelled (URL,
 * form, JSON, HTML, base64, hex, a line of a PEM block, cut short), and whatever looks like a signature, a signed query
 * or an authorising header. Redact first, cut and encode after.
 */

const MARK = '[redacted]';

/** Shorter words would blacken ordinary text. */
const SHORTEST = 4;
/** Of a secret that was cut, so much is still one. */
const SHORTEST_PREFIX = 8;

const HTML_NAMES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** One character as URLs, forms, JSON (encoded once or more) and HTML spell it. */
function spell(character: string): string {
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16);
  // %2F, and %252F where it was encoded twice.
  const percent = [...new TextEncoder().encode(character)]
    .map((byte) => `%(?:25)*${byte.toString(16).padStart(2, '0')}`)
    .join('');
  const spellings = [
    escapeRegExp(character),
    percent,
    ...(code < 0x10000 ? [`u${hex.padStart(4, '0')}`] : []),
    `&#(?:x0*${hex}|0*${code});`,
    ...(HTML_NAMES[character] === undefined ? [] : [`&${HTML_NAMES[character]};`]),
    ...(character === ' ' ? ['\\+'] : []),
  ];
  return `\\\\{0,8}(?:${spellings.join('|')})`;
}

/** A word whole, or its beginning where the text was cut. */
function spellWord(word: string): string {
  const spelled = [...word].map(spell);
  const sure = Math.max(SHORTEST_PREFIX, Math.ceil(spelled.length / 2));
  if (spelled.length <= sure || spelled.length > 256) return spelled.join('');
  const tail = spelled.slice(sure);
  return `${spelled.slice(0, sure).join('')}${tail.map((one) => `(?:${one}`).join('')}${')?'.repeat(tail.length)}`;
}

/** What base64 makes of a word that stands anywhere in a longer text, such as `key:secret`: three ways to fall. */
function base64Forms(word: string): string[] {
  const bytes = Buffer.from(word);
  return [0, 1, 2]
    .map((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
      // The characters that depend on nothing but the word.
      return text.slice(Math.ceil((8 * shift) / 6), Math.floor((8 * (shift + bytes.length)) / 6));
    })
    .filter((form) => form.length >= SHORTEST_PREFIX)
    .map((form) => {
      const pattern = [...form].map((c) => (c === '+' ? '(?:[+ -]|%2b)' : c === '/' ? '(?:\\\\*/|_|%2f)' : c)).join('');
      return `${pattern}[\\w+/-]?(?:=|%3d){0,2}`;
    });
}

/** A secret, and each line of it: a PEM block is often shown line by line. */
function wordsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n|\\n/).map((line) => line.trim());
  const inner = lines.filter((line) => line.length >= SHORTEST_PREFIX && !line.startsWith('-----'));
  return [secret.trim(), ...(lines.length > 1 ? [...inner, inner.join('')] : [])];
}

/** What says who we are in the queries, bodies and headers of venues and webhooks, whatever its value. */
const VALUE = '[^\\s"\',}&\\\\]+';
const SEPARATOR = '(?:\\\\*["\']?\\s*(?:[:=]|%3[ad])\\s*\\\\*["\']?|["\']\\s*,\\s*["\'])';
const HEADERS = [
  'x-mbx-[\\w-]+',
  'x-bapi-[\\w-]+',
  'x-[\\w-]*(?:key|sign|signature|token|secret|passphrase)',
  '(?:ok|cb|kc)-(?:access|api)-[\\w-]+',
  'access-(?:key|sign|signature|passphrase|token)',
  'api-(?:key|sign|signature|secret)',
  '(?:proxy-)?authorization',
  '(?:set-)?cookie',
];
const FIELDS = [
  ...['signature', 'sign', 'api_?key', 'api_?secret', 'secret_?key', 'secret', 'access_?key', 'passphrase', 'password'],
  ...['listen_?key', 'access_?token'],
];
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`\\b(${HEADERS.join('|')})(${SEPARATOR})(?:(?:Bearer|Basic|Digest|Token)\\s+)?${VALUE}`, 'gi'),
    `$1$2${MARK}`,
  ],
  [new RegExp(`\\b(${FIELDS.join('|')})(${SEPARATOR})${VALUE}`, 'gi'), `$1$2${MARK}`],
  // Gate.io's headers, which small letters would turn into ordinary words.
  [new RegExp(`\\b(KEY|SIGN)(${SEPARATOR})${VALUE}`, 'g'), `$1$2${MARK}`],
  [/\b(Bearer)\s+[\w.~+/=-]{6,}/gi, `$1 ${MARK}`],
  [/\b(hooks\.slack\.com\/[\w-]+|discord(?:app)?\.com\/api\/webhooks)\/[^\s"']+/gi, `$1/${MARK}`],
  [/\b(api\.telegram\.org\/(?:file\/)?bot)[^\s"'/]+/gi, `$1${MARK}`],
  [/-----BEGIN[^-]*PRIVATE KEY-----[\s\S]*?(?:-----END[^-]*-----|$)/g, MARK],
];

/** What of a webhook's address authorises: its path, which is a secret in itself, and a name and word in it. */
export function secretsOfUrl(address: string): string[] {
  if (!URL.canParse(address)) return [address];
  const { href, pathname, search, username, password } = new URL(address);
  const parts = [...pathname.split('/'), ...new URLSearchParams(search).values(), username, password];
  return [address, href, `${pathname}${search}`, pathname, ...parts.filter((part) => part.length >= 12)];
}

/** @param secrets word for word, as they were given */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const words = [...new Set(secrets.flatMap(wordsOf))].filter((word) => word.length >= SHORTEST);
  // Longest first, so that a secret inside another one leaves no rest.
  const forms = words
    .sort((a, b) => b.length - a.length)
    .flatMap((word) => [
      spellWord(word),
      ...base64Forms(word),
      ...(word.length >= SHORTEST_PREFIX ? [Buffer.from(word).toString('hex')] : []),
    ])
    .map((form) => new RegExp(form, 'gi'));
  return (text) => {
    let clean = text;
    for (const form of forms) clean = clean.replace(form, MARK);
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
    return clean;
  };
}
