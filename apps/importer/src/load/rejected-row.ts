/** A row that is no event, and why. */
export interface RejectedRow {
  line: number;
  /** The row as it stands in the file. */
  bytes: Uint8Array;
  code: string;
  message: string;
}
