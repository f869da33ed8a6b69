/** PURE: reads "PROXY a:1; DIRECT" as a PAC file says it. A list that begins with DIRECT is the straight way. */
export function readProxies(said: string): string | undefined {
  const [kind = '', place] = (said.split(';')[0] ?? '').trim().split(/\s+/);
  return place === undefined || kind.toUpperCase() === 'DIRECT' ? undefined : place;
}
