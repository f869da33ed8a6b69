const { contextBridge, ipcRenderer } = require('electron');

let seen = [typeof process.versions.node, typeof process.binding, Object.isFrozen(process)].join();
try {
  require('node:fs');
  seen += ',fs';
} catch (error) {
  seen += `,${error.message}`;
}

contextBridge.exposeInMainWorld('demo', {
  seen,
  call: (channel, ...values) => ipcRenderer.invoke(channel, ...values),
  addOne: (number) => number + 1,
  onTick: (listener) => {
    const forward = (_event, tick) => listener(tick);
    ipcRenderer.on('tick', forward);
    return () => ipcRenderer.off('tick', forward);
  },
});
window.fromPreload = 'seen only in the isolated world';
