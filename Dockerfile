# The images of the sidecar, from the package that `npm run prebuild && npm pack` makes: no compiler is needed. Both
# bases are arguments, so that no registry is: NODE has node, npm and what Debian has; BASE gives the C and C++
# libraries. Targets: `sidecar` (the default) and `init`, which adds nft for `weft init`.
#
#   npm run prebuild && npm pack
#   docker build --tag weft . && docker build --tag weft-init --target init .
ARG NODE=docker.io/library/node:24-bookworm-slim
ARG BASE=docker.io/library/debian:12-slim

# ---- the package, without what only compiling and reading need ----

FROM ${NODE} AS package
RUN command -v strip || (apt-get update && apt-get install --yes --no-install-recommends binutils)
WORKDIR /rootfs/opt
COPY weft-*.tgz /tmp/
RUN npm install --prefix /tmp/install --omit=dev --ignore-scripts --no-audit --no-fund /tmp/weft-*.tgz \
 && cd /tmp/install/node_modules \
 && mv weft /rootfs/opt/weft \
 && cd /rootfs/opt/weft \
 && rm -rf native scripts binding.gyp README.md CHANGELOG.md \
 && for other in prebuilds/linux-*; do \
      [ "$other" = "prebuilds/linux-$(node -p process.arch)" ] || rm -r "$other"; \
    done \
 && rm -rf /tmp/install/node_modules/node-addon-api \
 && mv /tmp/install/node_modules node_modules \
 && find . \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -name '*.md' \) -type f -delete \
 && find node_modules -type d \( -name test -o -name browser -o -name docs -o -name benchmarks \) -prune -exec rm -r {} + \
 && rm -rf node_modules/.bin node_modules/.package-lock.json
# Symbols are a sixth of node's size. The name is where package managers put it.
RUN mkdir -p /rootfs/usr/local/bin \
 && strip -o /rootfs/usr/local/bin/node "$(command -v node)"

# ---- the root of the images: libraries, and a user whose traffic is not redirected back ----

FROM ${BASE} AS root
COPY --from=package /rootfs /rootfs
# The two libraries of C++ are not in every base.
RUN ldd /rootfs/usr/local/bin/node | grep -q 'not found' \
 && apt-get update && apt-get install --yes --no-install-recommends libstdc++6 libatomic1; \
    mkdir -p /rootfs/etc/weft /rootfs/proc /rootfs/sys /rootfs/dev /rootfs/tmp \
 && chmod 1777 /rootfs/tmp \
 && echo 'root:x:0:0:root:/:/nonexistent' >/rootfs/etc/passwd \
 && echo 'weft:x:2102:2102:weft:/:/nonexistent' >>/rootfs/etc/passwd \
 && printf 'root:x:0:\nweft:x:2102:\n' >/rootfs/etc/group \
 && echo 'hosts: files dns' >/rootfs/etc/nsswitch.conf \
 && ldd /rootfs/usr/local/bin/node /rootfs/opt/weft/prebuilds/linux-*/weft.glibc.node \
      | grep -o '/[^ ]*\.so[^ ]*' | sort -u | xargs -I{} cp -L --parents {} /rootfs \
 && ! ldd /rootfs/usr/local/bin/node | grep 'not found'

# nft with its libraries, which are not in the sidecar.
FROM ${BASE} AS nft
RUN command -v nft || (apt-get update && apt-get install --yes --no-install-recommends nftables)
RUN mkdir /rootfs && ldd /usr/sbin/nft \
      | grep -o '/[^ ]*\.so[^ ]*' | sort -u | xargs -I{} cp -L --parents {} /usr/sbin/nft /rootfs

# ---- the images ----

FROM scratch AS runtime
COPY --from=root /rootfs /
# What a proxy keeps, it keeps for as long as it lives: a small young generation costs nothing here and saves 14 MB.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=1", "/opt/weft/dist/cli/main.js"]
ENV PATH=/usr/local/bin:/usr/sbin NODE_ENV=production
WORKDIR /etc/weft

FROM runtime AS init
COPY --from=nft /rootfs /
# Rules need CAP_NET_ADMIN; a container gets it with this user only.
USER 0:0
CMD ["init"]

FROM runtime AS sidecar
# For the kubelet and Prometheus; what changes something answers loopback only.
ENV WEFT_ADMIN=0.0.0.0:4191
EXPOSE 4191
USER 2102:2102
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["/usr/local/bin/node", "--max-semi-space-size=1", "/opt/weft/dist/cli/main.js", "health"]
CMD ["run"]
