import type { Express } from 'express';

export interface ServedRoute {
  /** In capitals. */
  method: string;
  path: string;
}

interface RouterLayer {
  route?: { path: string | RegExp | string[]; stack: { method?: string }[] };
  match(path: string): boolean;
}

/** The routes that an application really serves, to be held against the documented ones. */
export function listRoutes(app: Express): ServedRoute[] {
  return layersOf(app).flatMap(({ route }) => {
    if (route === undefined || typeof route.path !== 'string') return [];
    const { path } = route;
    return methodsOf(route).map((method) => ({ method, path }));
  });
}

/** What may be done at a path as it was asked for, in capitals; nothing where there is no route. */
export function methodsAt(app: Express, path: string): string[] {
  const methods = layersOf(app).flatMap((layer) =>
    layer.route !== undefined && layer.match(path) ? methodsOf(layer.route) : [],
  );
  // Express answers HEAD wherever it answers GET.
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))];
}

const layersOf = (app: Express) => app.router.stack as unknown[] as RouterLayer[];

function methodsOf(route: NonNullable<RouterLayer['route']>): string[] {
  return [
    ...new Set(route.stack.flatMap(({ method }) => (method === undefined ? [] : [method.toUpperCase()]))),
  ];
}
