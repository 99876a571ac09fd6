/* eslint-disable @typescript-eslint/consistent-type-imports -- the function may refer to nothing outside of itself */

/**
 * What runs in the thread of the rater. It is handed over as text, so that it runs the same from sources and from the
 * build: it may use nothing from outside of itself.
 */
export function raterThread(): void {
  const thread = process.getBuiltinModule('node:worker_threads');
  const load = process.getBuiltinModule('node:module').createRequire(thread.workerData as string);
  const core = load('@zxcvbn-ts/core') as typeof import('@zxcvbn-ts/core');
  const common = load('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  const english = load('@zxcvbn-ts/language-en') as typeof import('@zxcvbn-ts/language-en');
  const german = load('@zxcvbn-ts/language-de') as typeof import('@zxcvbn-ts/language-de');

  const zxcvbn = new core.ZxcvbnFactory({
    dictionary: { ...german.dictionary, ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    // The cost of the worst password grows with it: a second at the default of 100, a third of that at 16.
    l33tMaxSubstitutions: 16,
  });
  const commonPasswords = new Set<string | number>(common.dictionary['passwords-common']);
  const wordLengthMin = 4;

  const { parentPort } = thread;
  parentPort?.on('message', (asked: { id: number; password: string; word: string; personal: string[] }) => {
    const { id, password, word, personal } = asked;
    const isCommon =
      commonPasswords.has(password.toLowerCase()) ||
      (word.length >= wordLengthMin && commonPasswords.has(word));
    const { guesses, feedback } = zxcvbn.check(password, personal);
    parentPort.postMessage({ id, isCommon, guesses, hint: feedback.warning });
  });
}
