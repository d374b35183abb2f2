/** What was typed cannot be carried out. `help`: the page that says what can. */
export class UsageError extends Error {
  readonly help: string;

  constructor(message: string, help = "wasm-ipsec --help") {
    super(message);
    this.help = help;
  }
}
