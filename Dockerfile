# syntax=docker/dockerfile:1
# Two stages: build the bundle, then a runtime with Node, git and ssh and nothing else of the repository.
# The base is pinned to an exact release of Node; docs/install.md says how to pin it by digest for your own registry.
ARG NODE=24.21.0-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --strict-allow-scripts
COPY tsconfig.json ./
COPY scripts ./scripts
COPY crds ./crds
COPY operator ./operator
COPY manifests/examples ./manifests/examples
RUN npm run --silent build

FROM node:${NODE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 65532 fleetward \
 && useradd --uid 65532 --gid 65532 --home-dir /nonexistent --shell /usr/sbin/nologin fleetward
COPY --from=build /src/dist /app
COPY LICENSE /app/LICENSE
# Everything written goes to /tmp, which the chart mounts: the root file system is read-only.
ENV NODE_ENV=production HOME=/tmp TMPDIR=/tmp
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["node", "/app/fleetward.mjs"]
CMD ["run"]
