import { shown, spoken } from '../model/shown';

/** Refusal of a package: the one error that reading or writing one throws. Its message says where and why; texts of the package are cut. */
export class OvfError extends Error {
  override readonly name = 'OvfError';

  /**
   * @param place what is wrong: an element with its line, or a file of the package
   * @param words why it is refused
   */
  constructor(
    readonly place: string,
    readonly words: string,
  ) {
    super(spoken(`${place}: ${words}`));
  }
}

/** Text of a package in quotes, cut, for words. */
export const quoted = (text: string): string => `'${shown(text)}'`;
