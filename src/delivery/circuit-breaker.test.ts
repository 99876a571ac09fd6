import { CircuitBreaker } from './circuit-breaker';

let now: Date;
let breaker: CircuitBreaker;
const later = (seconds: number) => (now = new Date(now.getTime() + seconds * 1000));
const fail = (times: number) => {
  for (let time = 0; time < times; time += 1) breaker.failed();
};
beforeEach(() => {
  now = new Date('2031-03-01T09:00:00Z');
  breaker = new CircuitBreaker({ now: () => now });
});

it('opens at the fifth failure in a row, not before', () => {
  fail(4);
  expect([breaker.state, breaker.mayTry()]).toEqual(['closed', true]);
  breaker.succeeded();
  fail(4);
  expect(breaker.state).toBe('closed');
  fail(1);
  expect([breaker.state, breaker.mayTry()]).toEqual(['open', false]);
});

it('lets one message try after 30 s, and no second one meanwhile', () => {
  fail(5);
  later(29.999);
  expect(breaker.mayTry()).toBe(false);
  later(0.001);
  expect([breaker.mayTry(), breaker.mayTry(), breaker.state]).toEqual([true, false, 'half-open']);
});

it('closes after a trial that goes well', () => {
  fail(5);
  later(30);
  breaker.mayTry();
  breaker.succeeded();
  fail(4);
  expect([breaker.state, breaker.mayTry(), breaker.mayTry()]).toEqual(['closed', true, true]);
});

it('rests for another 30 s after a trial that fails', () => {
  fail(5);
  later(30);
  breaker.mayTry();
  breaker.failed();
  later(29);
  expect([breaker.state, breaker.mayTry()]).toEqual(['open', false]);
  later(1);
  expect(breaker.mayTry()).toBe(true);
});
