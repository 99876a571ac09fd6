/**
 * What a sign-in needs. Facts go in, findings come out of small pure rules, and `decide` folds them into one decision.
 * Every way in asks this one function.
 */
export * from './decide';
export * from './facts';
