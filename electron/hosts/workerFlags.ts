/**
 * V8's limit for a worker's JavaScript: 2 GB, several times what the largest tokenizer takes. Weights and KV caches are not
 * part of it. A chat template that never stops writing ends the worker there, before the computer has to swap.
 */
export const workerFlags = ['--max-old-space-size=2048'];
