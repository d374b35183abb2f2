/** Something about a configuration that its author should know. */
export interface Diagnostic {
  /** Of the text, from 1; 0 where it is about the whole. */
  readonly line: number;
  /** The line, or the part of it that is meant. */
  readonly text: string;
  readonly reason: string;
  /**
   * "error": the line is refused, nothing of it is in force. "warning": it was read otherwise than written, or cannot
   * be honoured in full. "note": it is in force; something is worth knowing.
   */
  readonly severity: "error" | "warning" | "note";
}

export type Severity = Diagnostic["severity"];
