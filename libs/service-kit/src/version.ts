/** Of the whole service: what `/health` and the OpenAPI document say. The package.json's version, as a test sees to. */
export const VERSION = '0.1.0';
