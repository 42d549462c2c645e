# The published program in a small image. Build: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t cimi-gateway .
# To pin the base: --build-arg NODE=22-slim@sha256:… (docker buildx imagetools inspect node:22-slim tells the digest).
ARG NODE=22-slim

FROM node:${NODE} AS build
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

FROM node:${NODE}
ARG COMMIT=
ENV NODE_ENV=production \
    CIMI_COMMIT=${COMMIT} \
    CIMI_DATA=/data \
    CIMI_PORT=8080
WORKDIR /app
RUN install -d -o node -g node -m 0700 /data
COPY --from=build /package/node_modules ./node_modules
COPY --from=build /package/dist ./dist
COPY --from=build /package/package.json /package/README.md /package/LICENSE ./
COPY --from=build /package/config ./config
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Liveness only: a provider or database in trouble is shown by /readyz and is no reason to restart.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CIMI_PORT}/healthz`).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["serve"]
