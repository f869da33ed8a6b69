/** Echoes, and tells what it can see of the process it runs in; ends in the way it is told. */
process.on('message', () => process.parentPort.postMessage('Node channel'));
process.parentPort.on('message', ({ data }: { data: unknown }) => {
  if (data === 'abort') process.abort();
  if (data === 'kill') process.kill(process.pid, 'SIGKILL');
  if (data === 'wait') return;
  if (data === 'end') process.exit(3);
  process.parentPort.postMessage({
    echo: data,
    send: typeof process.send,
    mark: process.env['MARK'],
    path: process.env['PATH'],
    ownProcess: process.pid !== process.ppid,
  });
});
