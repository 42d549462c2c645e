# The published program in a small image: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t cimi-gateway .
# Tags move. To pin both: --build-arg NODE=docker.io/library/node:22-bookworm-slim@sha256:… (BASE likewise);
# `docker buildx imagetools inspect NAME` tells the digest. `npm run image` needs no registry of images: docs/containers.md.
ARG NODE=docker.io/library/node:22-bookworm-slim
# Of the same Debian as NODE, whose program it runs.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not npm ci: see scripts/prepare.mjs.
RUN npm install --no-save
COPY . .
RUN node scripts/pack.mjs /package
WORKDIR /package
RUN npm install --no-save --omit=dev
# Compiled code is kept beside the program, which nobody can write to where it runs.
RUN node /app/scripts/warm.mjs /package

# Without npm, which is not needed to run it.
FROM ${BASE}
ARG COMMIT=
ENV NODE_ENV=production \
    CIMI_COMMIT=${COMMIT} \
    CIMI_DATA=/data \
    CIMI_PORT=8080
WORKDIR /app
RUN useradd --uid 1000 --user-group --no-create-home --home-dir /app --shell /usr/sbin/nologin node && \
    install -d -o node -g node -m 0700 /data
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /package/node_modules ./node_modules
COPY --from=build /package/dist ./dist
COPY --from=build /package/package.json /package/README.md /package/LICENSE ./
COPY --from=build /package/config ./config
# node, by number: Kubernetes can tell that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Liveness only: a provider or database in trouble is shown by /readyz and is no reason to restart.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CIMI_PORT}/healthz`).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["serve"]
