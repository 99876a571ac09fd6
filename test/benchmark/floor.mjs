/**
 * What any server must do to check a code and open a session, and nothing else: HTTP, JSON, one transaction that
 * accepts a time step once, and the code itself. No protection of any kind. The gateway is compared with it.
 */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { verify } from 'otplib';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const server = http.createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    signIn(JSON.parse(text))
      .then((token) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token })),
      )
      .catch((error) => response.writeHead(500).end(error.message));
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\n'));

async function signIn({ userId, code }) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT secret FROM users WHERE id = $1', [userId]);
    const step = await stepOf(rows[0].secret, code);
    const used = await client.query('UPDATE users SET last_step = $2 WHERE id = $1 AND last_step < $2', [
      userId,
      step,
    ]);
    if (used.rowCount !== 1) throw new Error('used before');
    const token = randomBytes(32).toString('base64url');
    await client.query(
      'INSERT INTO session (id, user_id, token_hash, created_at) VALUES ($1, $2, $3, now())',
      [randomBytes(16).toString('hex'), userId, createHash('sha256').update(token).digest()],
    );
    await client.query('COMMIT');
    return token;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function stepOf(secret, code) {
  const epoch = Math.floor(Date.now() / 1000);
  const result = await verify({ secret, token: code, epoch, digits: 6, period: 30, epochTolerance: 30 });
  if (!result.valid) throw new Error('wrong code');
  return Math.floor(epoch / 30) + result.delta;
}
