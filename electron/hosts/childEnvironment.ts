type Environment = Readonly<Record<string, string | undefined>>;

/** What a worker needs to find its libraries, its graphics driver and its temporary folder. Nothing else is handed on. */
const kept =
  /^(PATH|HOME|USER|LANG|LC_[A-Z]+|TZ|TMPDIR|TMP|TEMP|SystemRoot|SystemDrive|windir|USERPROFILE|LOCALAPPDATA|LD_LIBRARY_PATH|CUDA_[A-Z_]+|VK_[A-Z_]+|XDG_(?:RUNTIME_DIR|DATA_DIRS|CONFIG_DIRS)|DRI_PRIME|MESA_[A-Z_]+|OMP_NUM_THREADS|ORT_DISABLE_TELEMETRY|NODE_V8_COVERAGE|NODE_COMPILE_CACHE)$/i;

/**
 * Large pages for the weights, where the worker's memory comes from the GNU C library: a load touches gigabytes for the
 * first time, and each small page costs a fault (docs/performance.md). Means nothing anywhere else.
 */
const largePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** The clean environment of a worker process: an access token in the parent's variables (HF_TOKEN) stays there. */
export function childEnvironment(env: Environment): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && kept.test(name)) clean[name] = value;
  return { ...clean, ...largePages, ORT_DISABLE_TELEMETRY: '1' };
}
