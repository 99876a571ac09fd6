import { errorReply, leavesIdle, requestBytes } from './protocol';

const message = (type: string, body = ''): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};

describe('requests on the wire', () => {
  it('are whole only with their Sync, so that no other connection comes between Parse and Execute', () => {
    const parse = message('P', 'select $1');
    const sync = message('S');
    expect(requestBytes(parse)).toBe(0);
    expect(requestBytes(Buffer.concat([parse, sync]))).toBe(parse.length + sync.length);
  });

  it('are taken up to the last whole one, wherever the bytes are cut', () => {
    const one = message('Q', 'select 1\0');
    const bytes = Buffer.concat([one, message('P', 'x'), message('S')]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const expected = cut < one.length ? 0 : cut < bytes.length ? one.length : bytes.length;
      expect(requestBytes(bytes.subarray(0, cut))).toBe(expected);
    }
  });
});

describe('replies on the wire', () => {
  it.each([
    ['I', true],
    ['T', false],
    ['E', false],
  ])('that end with status %s leave the backend free: %s', (status, isFree) => {
    expect(leavesIdle(Buffer.concat([message('C', 'SELECT 1\0'), message('Z', status)]))).toBe(isFree);
  });

  it('without ReadyForQuery do not leave it free', () => {
    expect(leavesIdle(message('D', 'Z\0\0\0\x05I!'))).toBe(false);
    expect(leavesIdle(Buffer.alloc(0))).toBe(false);
  });

  it('carry a refusal and leave the connection usable', () => {
    const reply = errorReply('53300', 'busy');
    expect(reply.toString('latin1')).toContain('C53300\0Mbusy\0');
    expect(leavesIdle(reply)).toBe(true);
  });
});
