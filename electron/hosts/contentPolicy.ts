/**
 * What a page of ours may load and do, as the header both hosts send. Trusted types make every string that would become
 * markup throw, so an injection that slips into the page has nowhere to land.
 */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ');

/**
 * Headers that go with every answer of either host. The web host adds `ownWindow`; in the desktop app nothing can open a
 * window of ours, and changing the group of windows would start a second page process at every start (0.2 s here).
 */
export const guardHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentPolicy,
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), display-capture=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** No page that opened ours may keep a hand on its window. */
export const ownWindow: Readonly<Record<string, string>> = { 'cross-origin-opener-policy': 'same-origin' };
