import { GraphQLError, subscribe, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { OperationFault } from './public-error';
import { withinTime } from './time-limit';

/**
 * The results of a subscription, one per event; throws an OperationFault where the source refuses or takes
 * too long.
 */
export async function eventsOf(args: ExecutionArgs): Promise<AsyncGenerator<ExecutionResult, void, void>> {
  const starting = subscribe(args);
  const started = await withinTime(starting).catch((error: unknown) => {
    // A source that starts after all, when nobody waits any more, must still be let go.
    starting
      .then(async (late) => void ('next' in late && (await late.return(undefined))))
      .catch(() => undefined);
    throw new OperationFault([asGraphQLError(error)]);
  });
  if ('next' in started) return started;
  throw new OperationFault(started.errors ?? []);
}

export const asGraphQLError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError ? error : new GraphQLError('refused', { originalError: error as Error });
