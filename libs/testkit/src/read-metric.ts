/** The sum of a metric's samples in a service's exposition; an absent metric is an error, not a 0. */
export async function readMetric(serviceUrl: string, name: string): Promise<number> {
  const response = await fetch(`${serviceUrl}/metrics`);
  const samples = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  if (samples.length === 0) throw new Error(`${serviceUrl} has no metric ${name}`);
  return samples.reduce((sum, value) => sum + value, 0);
}
