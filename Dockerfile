# The image of Hộp Thư: the source, run as it is by Node, and the packages it needs. Nothing is built.
#
#   docker build -t hopthu .
#   docker run --rm hopthu --help
#
# It writes below /var/lib/hopthu only, so the rest may be read-only, and reads /etc/hopthu/config.json.
# How it is meant to run: docs/install/compose.yaml.

FROM node:26-slim AS packages
WORKDIR /opt/hopthu
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
# what installs packages has no place where the service runs
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-v*
RUN groupadd --system --gid 10001 hopthu \
 && useradd --system --uid 10001 --gid hopthu --home-dir /var/lib/hopthu --shell /usr/sbin/nologin hopthu \
 && install --directory --owner=hopthu --group=hopthu --mode=0750 /var/lib/hopthu
COPY --from=packages /opt/hopthu/node_modules /opt/hopthu/node_modules
COPY package.json LICENSE /opt/hopthu/
COPY migrations /opt/hopthu/migrations
COPY config /opt/hopthu/config
COPY src /opt/hopthu/src
COPY --chmod=0755 docs/install/hopthu /usr/local/bin/hopthu

ENV NODE_ENV=production HOPTHU_CONFIG=/etc/hopthu/config.json
USER hopthu
# where relative paths of the configuration and of commands begin
WORKDIR /var/lib/hopthu
VOLUME /var/lib/hopthu
EXPOSE 8080
# Parts without the web server (--only jobs, --only follow) have nothing to ask: switch it off for them.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/live', { signal: AbortSignal.timeout(5000) }).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The process is `node` itself, the script before it is replaced; it ends in order at SIGTERM.
ENTRYPOINT ["hopthu"]
CMD ["serve"]
