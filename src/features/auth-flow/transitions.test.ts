import {
  TRANSITIONS,
  flowDiagram,
  isFinal,
  nextStatus,
  type AuthFlowStatus,
  type FlowEventName,
} from './transitions';

const statuses = Object.keys(TRANSITIONS) as AuthFlowStatus[];
const events = [
  ...new Set(statuses.flatMap((status) => Object.keys(TRANSITIONS[status]))),
] as FlowEventName[];

describe('the states of a flow', () => {
  it('lead only where the table says', () => {
    for (const status of statuses) {
      for (const event of events) {
        const listed = (TRANSITIONS[status] as Partial<Record<FlowEventName, AuthFlowStatus>>)[event];
        expect([status, event, nextStatus(status, event)]).toEqual([status, event, listed]);
      }
    }
  });

  it('cannot be left once final', () => {
    const final = statuses.filter(isFinal);
    expect(final).toEqual(['COMPLETED', 'DENIED', 'LOCKED', 'EXPIRED', 'CANCELED']);
    for (const status of final) expect(events.filter((event) => nextStatus(status, event))).toEqual([]);
  });

  it('reach COMPLETED only by a last proof of the holder, by a new password, or by collecting what was verified', () => {
    const ways = statuses.flatMap((from) =>
      events.filter((event) => nextStatus(from, event) === 'COMPLETED').map((event) => `${from} ${event}`),
    );
    expect(ways).toEqual([
      'CHALLENGE_PENDING provenByHolder',
      'NEW_PASSWORD_REQUIRED passwordSet',
      'VERIFIED collected',
    ]);
  });

  it('can be canceled and can run out as long as they are not final', () => {
    for (const status of statuses.filter((one) => !isFinal(one))) {
      expect([nextStatus(status, 'canceled'), nextStatus(status, 'timedOut')]).toEqual([
        'CANCELED',
        'EXPIRED',
      ]);
    }
  });

  it('are drawn from the table', () => {
    expect(flowDiagram()).toContain('CHALLENGE_PENDING --> VERIFIED: provenElsewhere');
    expect(flowDiagram().split('\n')).toHaveLength(
      1 + 4 + statuses.flatMap((status) => Object.keys(TRANSITIONS[status])).length + 5,
    );
  });
});
