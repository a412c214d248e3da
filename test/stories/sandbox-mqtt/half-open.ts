import { connect } from 'node:net';

// Run as a process of its own: opens many TCP connections that never start a handshake, says so, and holds them.
const port = Number(process.argv[2]);
const count = Number(process.argv[3]);

const open = () =>
  new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', resolve);
    socket.on('error', () => resolve());
  });

for (let done = 0; done < count; done += 500) await Promise.all(Array.from({ length: 500 }, open));
process.stdout.write('open\n');
