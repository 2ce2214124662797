import { createLogger, createMetrics, createServiceApp, runService } from '../src/index.js';

/** A service of nothing, for the tests of how a service starts and stops: argv is port and slow route's ms. */
const [port = '0', slowMs = '0', closeMs = '0'] = process.argv.slice(2);
const log = createLogger({ service: 'tiny', level: 'info' });

await runService({
  app: createServiceApp({
    service: 'tiny',
    log,
    metrics: createMetrics({ service: 'tiny' }),
    healthChecks: [],
    mount(app) {
      app.get('/slow', (_request, response) => {
        setTimeout(() => response.json({ done: true }), Number(slowMs));
      });
      app.get('/reject', (_request, response) => {
        setTimeout(() => void Promise.reject(new Error('nobody awaited this')), 200);
        response.json({});
      });
      app.get('/crash', () => {
        setTimeout(() => {
          throw new Error('nobody caught this');
        }, 0);
      });
    },
  }),
  host: '127.0.0.1',
  port: Number(port),
  log,
  shutdownTimeoutMs: 1_000,
  onShutdown: () => new Promise((resolve) => setTimeout(resolve, Number(closeMs))),
});
