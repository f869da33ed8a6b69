/** Echoes, and tells what it can see of the process it runs in. */
process.on('message', () => process.parentPort.postMessage('Node channel'));
process.parentPort.on('message', ({ data }: { data: unknown }) => {
  process.parentPort.postMessage({
    echo: data,
    send: typeof process.send,
    mark: process.env['MARK'],
    path: process.env['PATH'],
    ownProcess: process.pid !== process.ppid,
  });
});
