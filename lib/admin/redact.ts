// Takes secrets out of what the admin server shows: values under names that say so, credentials in URLs, and
// private keys wherever they stand.

const redacted = '[redacted]';

const secretWords = new Set([
  'authorization',
  'credential',
  'credentials',
  'key',
  'keys',
  'passphrase',
  'password',
  'secret',
  'secrets',
  'token',
  'tokens',
]);

/** Beside a secret word they say that the value only tells where the secret is. */
const placeWords = new Set(['file', 'path', 'name', 'id']);

/** A copy without secrets. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (Array.isArray(value)) {
    return value.map(redact);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name) && inner !== null ? redacted : redact(inner),
    ]),
  );
}

/** `privateKey`, `api_token`, `TOKEN`; not `keepalive`, not `tokenFile`. */
function isSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => secretWords.has(word)) && !placeWords.has(words.at(-1) ?? '');
}

function redactText(text: string): string {
  return text
    .replace(
      /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
      redacted,
    )
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@]+@/gi, `$1${redacted}@`);
}
