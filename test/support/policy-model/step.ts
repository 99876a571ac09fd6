import fc from 'fast-check';
import type { PolicyActor } from './actor';
import { expectInvariants } from './invariants';
import type { PolicyModel } from './model';

export const BROWSERS = [0, 1, 2] as const;

interface Deed {
  readonly name: string;
  /** Where it can be done, as the model says; for what belongs to no browser: whether. */
  isPossible?(model: PolicyModel, browser: number): boolean;
  run(actor: PolicyActor, browser: number): Promise<void>;
}

/** What somebody does next, in one of the browsers where it can be done; then all that must hold is looked at. */
export class Step implements fc.AsyncCommand<PolicyModel, PolicyActor> {
  private where: number | undefined;

  constructor(
    private readonly deed: Deed,
    /** Which of those browsers, counted round. Null: it belongs to none. */
    private readonly choice: number | null,
  ) {}

  check(model: PolicyModel): boolean {
    return this.places(model).length > 0;
  }

  async run(model: PolicyModel, actor: PolicyActor): Promise<void> {
    const places = this.places(model);
    const where = places[(this.choice ?? 0) % places.length] ?? 0;
    if (this.choice !== null) this.where = where;
    // Limits are not what this is about, and would end most sequences.
    await actor.world.database.affected('DELETE FROM limit_counter');
    await this.deed.run(actor, where);
    await expectInvariants(actor);
  }

  toString(): string {
    return this.where === undefined ? this.deed.name : `${this.deed.name} at ${String(this.where)}`;
  }

  /** Every try of a sequence names its own browsers. */
  [fc.cloneMethod](): Step {
    return new Step(this.deed, this.choice);
  }

  private places(model: PolicyModel): number[] {
    return BROWSERS.filter((browser) => this.deed.isPossible?.(model, browser) ?? true);
  }
}

const choice = fc.nat({ max: 5 });

/** The deed in any browser, with arguments from `given`. */
export const inBrowser = <T>(given: fc.Arbitrary<T>, deed: (argument: T) => Deed): fc.Arbitrary<Step> =>
  fc.tuple(given, choice).map(([argument, chosen]) => new Step(deed(argument), chosen));

/** A deed that belongs to no browser. */
export const anywhere = <T>(given: fc.Arbitrary<T>, deed: (argument: T) => Deed): fc.Arbitrary<Step> =>
  given.map((argument) => new Step(deed(argument), null));
