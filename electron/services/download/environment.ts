/** What Hugging Face's own tools read from the environment, read in the same way, so that one setting serves both. */
import { posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

// As Python's expandvars and expanduser: unknown variables stay as written.
function expanded(path: string, env: Environment, home: string): string {
  const filled = path.replace(/\$(?:\{([^}]+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    return env[braced ?? bare ?? ''] ?? whole;
  });
  return filled === '~' || /^~[/\\]/.test(filled) ? home + filled.slice(1) : filled;
}

/**
 * The cache folder Python would use in this environment: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub,
 * else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub. Empty variables count as unset.
 */
export function hubCacheFolder(env: Environment, home: string, platform: NodeJS.Platform = process.platform): string {
  const path = platform === 'win32' ? win32 : posix;
  const read = (name: string) => {
    const value = env[name];
    return value === undefined || value === '' ? undefined : expanded(value, env, home);
  };
  const direct = read('HF_HUB_CACHE') ?? read('HUGGINGFACE_HUB_CACHE');
  if (direct !== undefined) return direct;
  const hfHome = read('HF_HOME') ?? path.join(read('XDG_CACHE_HOME') ?? path.join(home, '.cache'), 'huggingface');
  return path.join(hfHome, 'hub');
}

const isOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

/** The variable that forbids the network, if one is set. */
export function offlineVariable(env: Environment): string | undefined {
  return ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((name) => isOn(env[name]));
}

/** False when symbolic links are forbidden (HF_HUB_DISABLE_SYMLINKS); undefined = use them where they work. */
export function linksAllowed(env: Environment): false | undefined {
  return isOn(env['HF_HUB_DISABLE_SYMLINKS']) ? false : undefined;
}
