# Built from the repository's root: docker build -f docker/importer.Dockerfile .
# The build stage is the same in every Dockerfile, so its layers are shared.
FROM node:22-bookworm-slim AS build
ARG NODE_EXTRA_CA_CERTS
WORKDIR /source
ENV NX_DAEMON=false
COPY . .
RUN npm ci --ignore-scripts
RUN npx nx prune importer

FROM node:22-bookworm-slim AS dependencies
ARG NODE_EXTRA_CA_CERTS
WORKDIR /app
COPY --from=build /source/apps/importer/dist/package.json /source/apps/importer/dist/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production ENVIRONMENT=production
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /source/apps/importer/dist /app/
# Where files are mounted and reject files go: docker run -v "$PWD:/data" … import events.csv
WORKDIR /data
RUN chown node:node /data
USER node
# A command that ends has no health to check: its exit code says how it went.
HEALTHCHECK NONE
ENTRYPOINT ["node", "--enable-source-maps", "/app/main.js"]
CMD ["--help"]
