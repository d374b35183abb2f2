/** Where text goes: the results, and the complaints. */
export interface Streams {
  say(text: string): void;
  complain(text: string): void;
}
