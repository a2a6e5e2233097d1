/** Readers of the stream for `bench:pages`: arguments are port and number; tells its parent how many entries came. */
import { connect } from 'node:net';

const [port = 0, readers = 0] = process.argv.slice(2).map(Number);
let open = 0;
let seen = 0;

for (let n = 0; n < readers; n += 1) {
  const socket = connect(port, '127.0.0.1');
  let isOpen = false;
  socket.setEncoding('latin1');
  socket.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n');
  let rest = '';
  socket.on('data', (chunk: string) => {
    const text = rest + chunk;
    seen += text.split('\ndata: ').length - 1;
    // What may be the beginning of the mark is looked at with what comes next.
    rest = /\n(?:d(?:a(?:t(?:a(?:: ?)?)?)?)?)?$/.exec(text)?.[0] ?? '';
    if (isOpen || !text.includes('retry: ')) return;
    isOpen = true;
    open += 1;
    if (open === readers) process.send?.({ ready: true });
  });
}

setInterval(() => process.send?.({ seen }), 50);
