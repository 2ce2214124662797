import type { Express } from 'express';

export interface ServedRoute {
  /** In capitals. */
  method: string;
  path: string;
}

interface RouterLayer {
  route?: { path: string | RegExp | string[]; stack: { method?: string }[] };
}

/** The routes that an application really serves, to be held against the documented ones. */
export function listRoutes(app: Express): ServedRoute[] {
  const layers = app.router.stack as unknown[];
  return layers.flatMap((layer) => {
    const { route } = layer as RouterLayer;
    if (route === undefined || typeof route.path !== 'string') return [];
    const { path } = route;
    const methods = new Set(
      route.stack.flatMap(({ method }) => (method === undefined ? [] : [method.toUpperCase()])),
    );
    return [...methods].map((method) => ({ method, path }));
  });
}
