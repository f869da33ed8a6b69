/** A worker process that says whatever it is told to: one variable holds JSON messages, sent as the answer to the first request. */
const lies = JSON.parse(process.env['OMP_NUM_THREADS'] ?? '[]') as object[];
process.on('message', () => {
  for (const lie of lies) process.send?.(lie);
});
process.once('disconnect', () => process.exit(0));
