import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Express } from 'express';

/** Everything it loads comes from here: it works offline, behind a proxy and under this policy. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI sets style attributes and draws its icons from data: URLs.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

// Relative, so that a proxy may serve it below any prefix.
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Event Analytics API</title>
    <link rel="stylesheet" href="swagger-ui.css" />
    <link rel="icon" type="image/png" href="favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;

/** GET /docs (Swagger UI from its package) and GET /openapi.json. */
export function mountDocs(app: Express, o: { openApiDocument: () => object }): void {
  let document: string | undefined;
  app.get('/openapi.json', (_request, response) => {
    // Made once, and only if somebody asks: it is the same for every request.
    document ??= JSON.stringify(o.openApiDocument());
    response.set('Cache-Control', 'no-cache').type('application/json').send(document);
  });

  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  app.get('/docs', (request, response, next) => {
    // The page's own links are relative to /docs/.
    if (request.path === '/docs') response.redirect(308, 'docs/');
    else next();
  });
  app.use('/docs', (_request, response, next) => {
    response.set('Content-Security-Policy', POLICY);
    next();
  });
  app.get('/docs/', (_request, response) => {
    response.type('html').send(PAGE);
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('text/javascript').send(START);
  });
  app.use('/docs', express.static(assets, { index: false, maxAge: '1h' }));
}
