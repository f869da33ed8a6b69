import tls from 'node:tls';

/** True for names and addresses that never leave this computer. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

let trusted = false;

/**
 * Adds the operating system's certificates to the ones Node brings, once per process, so that a company's own
 * certificate works here as it does in the browser. Read late, on the first secure request: macOS takes its time.
 * Nothing changes where the runtime lacks these functions (Node before 24.5, or Electron's own TLS library).
 */
export function trustSystemCertificates(): void {
  if (trusted) return;
  trusted = true;
  if (typeof tls.setDefaultCACertificates !== 'function' || typeof tls.getCACertificates !== 'function') return;
  try {
    tls.setDefaultCACertificates([
      ...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]),
    ]);
  } catch {
    // A store that cannot be read leaves the bundled certificates in force; a refused one is explained when it is met.
  }
}
