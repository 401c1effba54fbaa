# The sidecar image: one stage compiles, the other has Node and what runs. Both bases are arguments,
# so that a registry is not needed: `--build-arg BUILD_BASE=... --build-arg BASE=...`. BUILD_BASE
# needs Node with its headers and npm, g++, make and python3; BASE needs the same Node and libstdc++.
ARG BUILD_BASE=docker.io/library/node:24-bookworm
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BUILD_BASE} AS build
WORKDIR /build
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
WORKDIR /opt/weft
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/build/Release/weft.node build/Release/
COPY --from=build /build/dist dist
COPY --from=build /build/node_modules node_modules
# Traffic of this user is not redirected back into the sidecar.
USER 2102:2102
WORKDIR /etc/weft
ENTRYPOINT ["node", "--max-semi-space-size=1", "/opt/weft/dist/cli/main.js"]
CMD ["run"]
