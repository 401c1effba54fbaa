// Content negotiation, as much of RFC 9110 section 12.5 as scrapers use: which of a few answers a header prefers.

/** Quality that a header gives to a name, 0 to 1: of the name itself, else of `*`. */
export function quality(
  header: string | undefined,
  name: string,
  wildcards: readonly string[],
): number {
  let best = 0;
  let bestRank = -1;
  for (const part of (header ?? '').split(',')) {
    const [token = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    const rank = token === name ? wildcards.length : wildcards.indexOf(token);
    if (rank > bestRank) {
      bestRank = rank;
      best = qualityOf(parameters);
    }
  }
  return best;
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const value = text === undefined ? 1 : Number(text);
  return value >= 0 && value <= 1 ? value : 0;
}
