# One image, two roles: CURFEW_ROLES=web, worker, or both (the default).
# The server runs TypeScript as it stands, so there is no build stage. The embedded parts are left out:
# an image wants DATABASE_URL, and its own Node is new enough.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

COPY tsconfig.json manifest.yml ./
COPY blocks ./blocks
COPY src ./src

RUN mkdir /data && chown node:node /data
USER node
ENV HOST=0.0.0.0 PORT=3000 CURFEW_DATA_DIR=/data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT ?? 3000) + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# The node process itself is the one that gets the signals.
CMD ["node", "src/main.ts"]
