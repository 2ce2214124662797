import { statfs } from 'node:fs/promises';

export const GIB = 1_024 ** 3;

/** @returns how much is needed and there, in words @throws Error when that is too little */
export async function requireRoom(folder: string, bytesNeeded: number, shown = folder): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  const room = `up to ${gib(bytesNeeded)} needed in ${shown}, ${gib(bavail * bsize)} free`;
  if (bavail * bsize < bytesNeeded) throw new Error(`too little room on the disk: ${room}`);
  return `disk: ${room}`;
}

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
