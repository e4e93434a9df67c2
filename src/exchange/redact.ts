/**
 * Takes secrets out of text on its way to a log, an error or a screen: the given ones word for word, and whatever looks
 * like a signature, a signed query or an authorising header.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  // Longest first, so that a secret inside another one leaves no rest.
  const words = secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const word of words) {
      clean = clean.replaceAll(word, '[redacted]').replaceAll(encodeURIComponent(word), '[redacted]');
    }
    return clean
      .replace(/\b(signature|sign|api_?key|secret|passphrase|listenKey)=[^&\s"']+/gi, '$1=[redacted]')
      .replace(
        /(x-mbx-apikey|x-bapi-api-key|x-bapi-sign|authorization)(["']?\s*[:=]\s*["']?)[^\s"',}]+/gi,
        '$1$2[redacted]',
      );
  };
}
