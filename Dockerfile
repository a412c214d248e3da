# syntax=docker/dockerfile:1
# Two stages: build the bundle, then a runtime with Node, git and ssh and nothing else of the repository.
# The base is pinned to an exact release of Node. A digest would pin it further, and would also keep out what Debian mends in
# it until somebody changes this line: docs/operations.md says how to give one, for those who rebuild by their own calendar.
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
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="fleetward" \
      org.opencontainers.image.description="Kubernetes operator for zero-trust AWS IoT fleets" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.url="https://fleetward.dev" \
      org.opencontainers.image.source="https://github.com/fleetward/fleetward" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
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
