/** 1,234,567 */
export const number = (n: number): string => n.toLocaleString('en');

/** Of milliseconds: 1.5 s */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
