/** As an event_id is written from here on: in lower case. */
export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** The `MM-DD` of every year: all but 29 February. */
export const MONTH_AND_DAY =
  '(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)';
/** Of a JavaScript text. */
export const UTF8_BYTES_A_UNIT_MAX = 3;
/** Numbers that JSON.stringify writes again as they stand: jsonb would keep the zeros of 1.50. */
export const PLAIN_NUMBER = String.raw`0|-?[1-9]\d{0,14}|-?(?:0|[1-9]\d{0,8})\.\d{0,5}[1-9]`;

/**
 * A regular expression for an object of at most three levels of objects or arrays.
 * @param blank what may stand behind a comma or colon
 */
export const objectPattern = ({
  text,
  number,
  blank,
}: {
  text: string;
  number: string;
  blank: '' | ' ?';
}): string => {
  const scalar = `${text}|${number}|true|false|null`;
  const objectOf = (value: string) =>
    String.raw`\{(?:${text}:${blank}(?:${value})(?:,${blank}(?=")|(?=\})))*\}`;
  const arrayOf = (value: string) => String.raw`\[(?:(?:${value})(?:,${blank}(?!\])|(?=\])))*\]`;
  const deeper = (value: string) => `${scalar}|${objectOf(value)}|${arrayOf(value)}`;
  return objectOf(deeper(deeper(scalar)));
};
