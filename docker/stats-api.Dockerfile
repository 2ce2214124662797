# Built from the repository's root: docker build -f docker/stats-api.Dockerfile .
# The build stage is the same in every Dockerfile, so its layers are shared.
FROM node:22-bookworm-slim AS build
ARG NODE_EXTRA_CA_CERTS
WORKDIR /source
ENV NX_DAEMON=false
COPY . .
RUN npm ci --ignore-scripts
RUN npx nx prune stats-api

FROM node:22-bookworm-slim AS dependencies
ARG NODE_EXTRA_CA_CERTS
WORKDIR /app
COPY --from=build /source/apps/stats-api/dist/package.json /source/apps/stats-api/dist/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts
# Native bitmaps, where a binary or a compiler for this image can be had; without them the portable ones are used.
RUN npm rebuild roaring || echo 'roaring could not be built: bitmaps will be the portable ones'

FROM node:22-bookworm-slim
ENV NODE_ENV=production ENVIRONMENT=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /source/apps/stats-api/dist ./
USER node
ENV PORT=8002
EXPOSE 8002
# Liveness only: a container is not better for being restarted while a server it needs is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "main.js"]
